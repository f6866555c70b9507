/*
 * One run over two hosts in the plain form: one after the other, all pending until the last is healthy and the look from
 * outside was good, then all confirmed. What happens within one host is proved in one-host.pml; here its critical sections
 * are single steps. The runner may die or lose patience at any moment, every order may arrive late, every answer may be
 * lost, every deadline may pass, and a host may be bad.
 *
 * Each #ifdef breaks one rule; protocol.test.ts shows what happens then.
 */

#define HOSTS 2

#define OLD 0
#define NEW 1

#define UNKNOWN 0 /* or it is dead, and says nothing */
#define SUCCESS 1
#define WENT_BACK 2
#define MIXED 3

#define PENDING 1
#define REVERTING 2
#define CONFIRMED 3
#define ROLLEDBACK 4

#define SWITCH 1
#define CONFIRM 2

#define HEALTHY 1
#define YES 2
#define NO 3

byte current[HOSTS], marker[HOSTS], order[HOSTS], told[HOSTS];
bool bad[HOSTS], leased[HOSTS], passed[HOSTS], abandon[HOSTS];
byte said, healthy, beats = 2;
bool ended, asked, allWereHealthy;

#define PROPERTY(name, condition) name = (condition); assert(name)
hidden byte never_one_without_all_healthy, success_means_all_new, gone_back_means_all_old, mixed_is_said_or_the_runner_is_dead;
hidden byte confirmed_is_new_and_all_else_old, no_marker_is_left, a_dead_runner_before_confirming_leaves_all_old;

proctype Host(byte h) {
  do
  /* S1 to S14 */
  :: atomic { order[h] == SWITCH ->
       order[h] = 0;
       if
       :: leased[h] -> marker[h] = PENDING; current[h] = NEW
       :: else -> told[h] = NO; goto next
       fi
     };
     atomic {
       if
       :: !bad[h] && marker[h] == PENDING -> told[h] = HEALTHY
       :: else -> told[h] = NO
       fi
     };
next: skip
  /* C1 to C7 */
  :: atomic { order[h] == CONFIRM ->
       order[h] = 0;
       if
       :: marker[h] == PENDING ->
          marker[h] = CONFIRMED; told[h] = YES;
          PROPERTY(never_one_without_all_healthy, allWereHealthy)
       :: else -> told[h] = NO
       fi
     }
  /* R3: what the holding channel is told */
  :: atomic { abandon[h] -> abandon[h] = false; leased[h] = false; passed[h] = true }
  :: atomic { beats > 0 && leased[h] && passed[h] && marker[h] == PENDING -> beats--; passed[h] = false }
  od
}

proctype Guard(byte h) {
  do
  :: atomic { marker[h] == PENDING && passed[h] -> marker[h] = REVERTING; current[h] = OLD } /* G2 to G6 */
  :: atomic { marker[h] == REVERTING -> marker[h] = ROLLEDBACK } /* G7 to G10 */
  :: atomic { marker[h] == PENDING && !passed[h] -> passed[h] = true } /* time */
  od
}

#define OVER(h) (marker[h] != PENDING && marker[h] != REVERTING)

proctype Runner() {
  byte h, confirmed;
  do
  :: h < HOSTS ->
R7:  atomic { order[h] = SWITCH };
#ifndef ALL_AT_ONCE
     if
     :: atomic { told[h] == HEALTHY -> healthy++; told[h] = 0 }
     :: atomic { told[h] == NO -> goto failed }
     :: goto failed
     :: goto dead
     fi;
#endif
#ifdef CONFIRM_EACH
     atomic { allWereHealthy = (healthy == HOSTS); asked = true; order[h] = CONFIRM };
#endif
     h++
  :: else -> break
  od;
R8:
  if
  :: skip
  :: goto failed /* not what the world sees */
  :: goto dead
  fi;
  atomic { allWereHealthy = (healthy == HOSTS) };
R9:
  h = 0;
  do
  :: h < HOSTS ->
#ifndef CONFIRM_EACH
     atomic { asked = true; order[h] = CONFIRM };
#endif
     h++;
     if :: skip :: goto dead fi
  :: else -> break
  od;
  if
  :: atomic { told[0] == YES && told[1] == YES -> said = SUCCESS; goto end_of_run }
  :: goto failed
  :: goto dead
  fi;
failed:
  /* No further order goes out, but those on their way may still arrive: what it says, it reads when all is over. */
  atomic { abandon[0] = true; abandon[1] = true };
#ifdef SAYS_UNREAD
  atomic { said = WENT_BACK; goto end_of_run };
#endif
  if
#ifdef READS_ONE
  :: atomic { !leased[0] && OVER(0) && (!asked || marker[0] != 0) ->
#else
  :: atomic { !leased[0] && !leased[1] && OVER(0) && OVER(1) ->
#endif
       if
       :: marker[0] == CONFIRMED && marker[1] == CONFIRMED -> said = SUCCESS
       :: marker[0] != CONFIRMED && marker[1] != CONFIRMED -> said = WENT_BACK
       :: else -> said = MIXED
       fi }
  :: goto dead
  fi;
dead:
end_of_run:
  ended = true
}

init {
  atomic {
    leased[0] = true; leased[1] = true;
    if :: bad[0] = true :: bad[1] = true :: skip fi;
    run Host(0); run Host(1); run Guard(0); run Guard(1); run Runner()
  };
  timeout -> atomic {
    PROPERTY(no_marker_is_left, OVER(0) && OVER(1));
    PROPERTY(confirmed_is_new_and_all_else_old,
      (current[0] == NEW) == (marker[0] == CONFIRMED) && (current[1] == NEW) == (marker[1] == CONFIRMED));
    PROPERTY(success_means_all_new, said != SUCCESS || (current[0] == NEW && current[1] == NEW));
    PROPERTY(gone_back_means_all_old, said != WENT_BACK || (current[0] == OLD && current[1] == OLD));
    PROPERTY(mixed_is_said_or_the_runner_is_dead, current[0] == current[1] || said == MIXED || said == UNKNOWN);
    PROPERTY(a_dead_runner_before_confirming_leaves_all_old, asked || (current[0] == OLD && current[1] == OLD))
  }
}
