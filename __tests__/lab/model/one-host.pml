/*
 * One host, two runs that deploy to it one after the other, and all that may go wrong between them.
 *
 * A label is a step of the protocol (steps.ts says what each does). A run has a script on the host (upload, smoke,
 * migrate, switch, confirm, prune: a runner sends the next order only after an answer, so at most one of them is under
 * way), a channel that holds its lease, and a runner that may die or lose patience at any moment. Nothing has to happen
 * soon: an order may arrive long after its runner has gone, and a script may stall at every step.
 *
 * Faults: deaths of scripts and of the guard at every step, power loss (what was not synced may be there or not),
 * deadlines that pass, lost and late orders, a service that crashes, a release that is bad, a guard that cannot start.
 * A death frees the flock; it leaves everything else.
 *
 * ALONE is one run without a second; SECOND is where the second goes. Every other #ifdef breaks one rule, and
 * protocol.test.ts shows what happens then.
 *
 * What makes the search small: steps that change nothing under the flock are one with what follows, what nobody reads any
 * more is set to 0, a restart is one step, and the second run takes the lease only when the runner of the first is gone.
 * What that runner had sent is still on its way, and its script may still be anywhere.
 */

#define NONE 0 /* no release */
#define OLD 1  /* what was there before, when it is not the first deploy */
#define ONE 2  /* what the first run brings */
#define TWO 3  /* what the second run brings, when it brings another one */
#define GUARD 3 /* as a holder of the flock; 1 and 2 are the scripts of the runs */

#define UNKNOWN 0 /* or it is dead, and says nothing */
#define SUCCESS 1
#define WENT_BACK 2
#define UNCHANGED 3

#define HEALTHY 1
#define CONFIRMED 2
#define REFUSED 3

#define ABANDON 1
#define RELEASE 2

#ifndef WANTED
#define WANTED false /* an end that a test wants to see, to know that the model can come to it */
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
/* Faults of the second run alone are those of the first: with two runs they strike before the second begins. */
#ifdef LATE_FAULTS
#define FAULT (faults > 0)
#else
#define FAULT (faults > 0 && !began[2])
#endif
#ifndef BEATS
#define BEATS 1
#endif

/* The files of the host. A release is one value: its environment lies inside of it and moves with the same link. */
byte current, next;
bool complete[4]; /* releases/<id> exists under its own name, whole */
#ifdef UPLOAD_IN_PLACE
byte begun; /* one that has its name already */
#define THERE(release) (complete[release] || begun == release)
#else
#define THERE(release) (complete[release])
#endif
byte pending, reverting, back; /* whose they are; `back` is the line with the previous target in either of them */
bool confirmed[3], rolledback[3];
bool passed; /* deadline.<id> of what is pending */
byte lease; /* its deadline may have passed at any moment, so only its owner stands here */

/* What a power loss leaves for certain. */
byte diskCurrent, diskPending, diskReverting, diskBack;
bool diskConfirmed[3], diskRolledback[3];

/* The kernel and systemd. */
byte flock;
byte running; /* the release whose process answers */
byte watched; /* the run that has watched this very process: its InvocationID */
bool limited; /* the start limit is hit: a restart fails until reset-failed */
bool guardWorks, guardActive;

/* The runs. */
byte base, target[3], said[3], asked[3], told[3], order[3];
bool good[4];
bool began[3], ended[3], held[3], onHost[3], dead[3], guardDead, cut[3], abandoned[3];
bool hurt; /* something went wrong for the second run, so that it may fail */
byte faults = FAULTS, beats = BEATS; /* how many deaths, power losses and crashes together, how many beats */

/* An assertion with a name that stands in spin's message. */
#define PROPERTY(name, condition) name = (condition); assert(name)
hidden byte never_two_winners, current_is_complete, a_stalled_script_changes_nothing, an_abandoned_run_never_swaps;
hidden byte success_means_new_is_confirmed, gone_back_means_old, unchanged_means_untouched;
hidden byte confirmed_or_old_is_current, confirmed_or_old_runs, no_marker_is_left, the_flock_is_free;
hidden byte every_run_comes_to_its_end, the_next_deploy_succeeds, a_run_migrates_its_own_release;
hidden byte the_guard_reverts_only_what_is_due, a_deadline_is_extended_by_its_owner, what_is_asked_for_never_happens;

/* Of the first run nothing may change the host any more once the second has the lease. */
#define CHANGES(me) PROPERTY(a_stalled_script_changes_nothing, me == 2 || !began[2])

inline look() {
  PROPERTY(current_is_complete, current == NONE || complete[current]);
  PROPERTY(never_two_winners, !(confirmed[1] && rolledback[1]) && !(confirmed[2] && rolledback[2]))
}

inline sync() {
  d_step {
  diskCurrent = current; diskPending = pending; diskReverting = reverting; diskBack = back;
  diskConfirmed[1] = confirmed[1]; diskConfirmed[2] = confirmed[2];
  diskRolledback[1] = rolledback[1]; diskRolledback[2] = rolledback[2]
  }
}

inline restart() {
  d_step { watched = 0; running = (limited -> NONE : current) }
}

inline answer(word) { told[me] = word; onHost[me] = false; goto out }
inline refuse() { flock = (flock == me -> 0 : flock); answer(REFUSED) }

/* ------------------------------------------------------------------------------------------------ on the host */

proctype Script(byte me) {
  bool prunes;
#ifdef UPLOAD_IN_PLACE
  bool uploads;
#endif

  if
  :: atomic { asked[me] == 1 -> onHost[me] = true }
  :: asked[me] == 0 && ended[me] -> goto out
  fi;
R4:
  {
    atomic { (flock == 0) ->
      if
      :: THERE(target[me]) -> skip
      :: else ->
        if
        :: lease != me || target[me] == OLD -> hurt = hurt || target[me] == OLD; refuse()
        :: else -> CHANGES(me);
#ifdef UPLOAD_IN_PLACE
           begun = target[me]; uploads = true
        fi
      fi
    };
    atomic { if :: uploads -> complete[target[me]] = true :: else fi };
#else
           complete[target[me]] = true
        fi
      fi
    };
#endif
R5: /* the same as R6 with another unit */
#ifdef NEXT_WITHOUT_FLOCK
    atomic { if :: lease != me -> refuse() :: else fi };
    atomic { next = target[me] };
R6: atomic { CHANGES(me); PROPERTY(a_run_migrates_its_own_release, next == target[me]) };
#else
    atomic { (flock == 0) ->
      if :: lease != me -> refuse() :: else -> CHANGES(me); next = target[me] fi;
R6:   PROPERTY(a_run_migrates_its_own_release, next == target[me]); next = 0 };
#endif

S1:
    atomic {
#ifndef SWAP_WITHOUT_FLOCK
      (flock == 0) -> flock = me;
#else
      skip;
#endif
S2:   if
#ifndef LEASE_UNCHECKED
      :: lease != me -> refuse()
#endif
#ifndef PENDING_UNCHECKED
      :: pending || reverting -> refuse()
#endif
      :: !THERE(target[me]) -> refuse()
      :: else
      fi
    };
S3: atomic { CHANGES(me); passed = false };
#ifdef SWAP_BEFORE_ARM
    atomic { CHANGES(me); back = current; current = target[me]; look() };
#endif
S4: atomic {
      CHANGES(me); pending = me;
#ifndef SWAP_BEFORE_ARM
      back = current;
#endif
    };
#ifndef PENDING_UNSYNCED
    sync();
#endif
S5:
#ifndef GUARD_UNSEEN
    atomic {
      if
      :: guardActive
      :: !guardActive -> hurt = true; pending = (pending == me -> 0 : pending); refuse()
      fi;
#else
    atomic { skip;
#endif
S6:   if :: pending != me -> refuse() :: else fi };
S8: /* S7 makes the link that S8 renames */
#ifdef CHILD_WITHOUT_FLOCK
    if :: atomic { FAULT -> faults--; flock = 0 } :: skip fi;
#endif
#ifndef SWAP_BEFORE_ARM
    atomic { CHANGES(me); PROPERTY(an_abandoned_run_never_swaps, !abandoned[me]); current = target[me]; look() };
#endif
S9:
#ifndef SWAP_UNSYNCED
    sync();
#endif
#ifdef RESTART_AFTER_FLOCK
    atomic { flock = (flock == me -> 0 : flock) };
#endif
S11: atomic { CHANGES(me); limited = false };
S12: atomic { CHANGES(me); restart() };
S10: atomic { flock = (flock == me -> 0 : flock) };
S13: atomic {
      if
      :: running == target[me] && good[running] -> watched = (pending == me -> me : watched); told[me] = HEALTHY
      :: else -> told[me] = REFUSED
      fi;
      onHost[me] = false
    }
  } unless { dead[me] };

  /* R9: another connection, another process */
  if
  :: atomic { asked[me] == 2 -> onHost[me] = true; dead[me] = false; told[me] = 0 }
  :: asked[me] != 2 && ended[me] -> goto out
  fi;
C1:
  {
    atomic {
#ifndef CONFIRM_WITHOUT_FLOCK
      (flock == 0) -> flock = me;
#else
      skip;
#endif
C2:   if :: pending != me -> refuse() :: else fi;
C3:
#ifndef CONFIRM_UNWATCHED
      if :: current != target[me] || running != target[me] || watched != me -> refuse() :: else fi
#endif
    };
C4:
#ifdef CONFIRM_BY_COPY
    atomic { CHANGES(me); confirmed[me] = true; look() };
    atomic { pending = 0; back = 0 };
#else
    atomic {
      if
      :: pending -> CHANGES(me); pending = 0; passed = false; back = 0; watched = 0; confirmed[me] = true; look()
      :: else -> refuse()
      fi
    };
#endif
C5:
#ifndef CONFIRM_UNSYNCED
    sync();
#endif
C7: atomic { flock = (flock == me -> 0 : flock); told[me] = CONFIRMED };
C8:
#ifdef PRUNE_WITHOUT_FLOCK
    atomic { prunes = (current != OLD && !pending && !reverting && lease == me) };
    atomic { if :: prunes && complete[OLD] -> CHANGES(me); complete[OLD] = false; look() :: else fi };
#else
    atomic { (flock == 0) ->
      if
      :: current != OLD && !pending && !reverting && lease == me && complete[OLD] ->
        CHANGES(me); complete[OLD] = false; look()
      :: else
      fi
    };
#endif
    onHost[me] = false
  } unless { dead[me] };
out:
  atomic { onHost[me] = false; prunes = false; abandoned[me] = false; asked[me] = 0; dead[me] = false }
}

#if defined(PENDING_UNCHECKED) || defined(LEASE_BESIDE_PENDING)
#define NOTHING_PENDING true
#else
#define NOTHING_PENDING (!pending && !reverting)
#endif

#ifdef LEASE_FOR_EVER
#define LEASE_PASSED false
#else
#define LEASE_PASSED true
#endif

/* hold.sh: each of its answers to a line is one short critical section of its own. */
#define LINE(me) began[me] && !cut[me] && flock == 0

inline hold(me) {
  if
  :: held[me] && !began[me] && (me == 1 || ended[1]) && (me == 2 || !began[2]) && flock == 0 && (lease == 0 || LEASE_PASSED) && NOTHING_PENDING ->
#ifndef LEASE_UNSYNCED
     sync();
#endif
     lease = me; began[me] = true; if :: me == 2 -> said[1] = UNKNOWN; told[1] = 0 :: else fi
  :: LINE(me) && beats > 0 -> beats--;
     if
#ifdef BEAT_FOR_ANYBODY
     :: pending
#else
     :: lease == me && pending == me
#endif
       -> PROPERTY(a_deadline_is_extended_by_its_owner, pending == me); passed = false
     :: else
     fi
  :: LINE(me) && order[me] == ABANDON ->
     order[me] = 0; abandoned[me] = onHost[me];
     if :: pending == me -> passed = true :: else fi;
#ifndef ABANDON_KEEPS_LEASE
     if :: lease == me -> lease = 0 :: else fi
#endif
  :: LINE(me) && order[me] == RELEASE ->
     order[me] = 0;
     if
#ifndef RELEASE_FOR_ANYBODY
     :: lease == me
#else
     :: lease
#endif
       -> CHANGES(me); lease = 0
     :: else
     fi
  fi
}

proctype Hold() {
R3:
  do
  :: atomic { hold(1) }
  :: atomic { hold(2) }
#ifdef DEADLINE_IN_PENDING
  :: atomic { beats > 0 && pending == 1 -> beats-- };
     atomic { pending = 1; passed = false }
#endif
  od
}

proctype Guard() {
  byte seen;
  do
  :: {
       atomic { guardWorks && (pending || reverting) -> guardActive = true };
G1:    if
       :: atomic { !pending && !reverting -> goto done }
       :: atomic { reverting && flock == 0 -> flock = GUARD; goto G5 }
       :: atomic { !reverting && pending && passed -> seen = pending }
       fi;
G2:
       atomic {
#ifndef GUARD_WITHOUT_FLOCK
         (flock == 0) -> flock = GUARD;
#else
         skip;
#endif
G3:      if
#ifdef GUARD_CLAIMS_UNREAD
         :: pending ->
            /* the lines that were read at G1 */
            back = (seen == pending -> back : base);
#else
         :: pending == seen && passed ->
#endif
            PROPERTY(the_guard_reverts_only_what_is_due, pending == seen && passed);
#ifdef GUARD_WITHOUT_REVERTING
            rolledback[pending] = true; pending = 0; look()
#else
            reverting = pending; pending = 0; passed = false
#endif
         :: else -> flock = (flock == GUARD -> 0 : flock); seen = 0; goto G1
         fi;
         seen = 0
       };
G5:    /* G4 makes the link that G5 renames */
       atomic { CHANGES(reverting); current = back; look() };
G6:
#ifndef GUARD_UNSYNCED
       sync();
#endif
       atomic { flock = (flock == GUARD -> 0 : flock) };
#ifdef DONE_BEFORE_RESTART
       atomic { rolledback[reverting] = true; reverting = 0; back = 0; look() };
#endif
G7:
#ifndef GUARD_LEAVES_LIMIT
       limited = false;
#endif
G8:    restart();
G10:
#if !defined(DONE_BEFORE_RESTART) && !defined(GUARD_WITHOUT_REVERTING)
       atomic { rolledback[reverting] = true; reverting = 0; back = 0; look() };
#endif
done:  atomic { guardActive = false; seen = 0 }
     } unless { guardDead };
     atomic {
       if
       :: guardDead -> guardDead = false; guardActive = false; seen = 0;
#ifdef GUARD_STAYS_DEAD
          guardWorks = false
#endif
       :: else
       fi
     }
  od
}

proctype Service() {
  do
  :: atomic { FAULT && running != NONE -> faults--; hurt = hurt || began[2]; restart() }
  :: atomic { running != NONE && !good[running] && !limited -> /* a crash loop */
       if :: good[current] -> running = current :: else -> running = NONE; limited = true fi; watched = 0 }
  od
}

/* ------------------------------------------------------------------------------------------ beside the host */

#define LOSES_PATIENCE(me) true -> hurt = hurt || me == 2

proctype Runner(byte me) {
  if
  :: me == 2 -> ended[1]; /* R2 */
    atomic {
      if
      :: target[2] == NONE || (target[2] == OLD && (!confirmed[1] || !complete[OLD])) -> hurt = true; said[2] = UNCHANGED; goto end_of_run
      :: else
      fi
    }
  :: else
  fi;
  held[me] = true;
  if
  :: atomic { began[me] -> asked[me] = 1 }
  :: me == 1 -> goto end_of_run
  fi;
  if
  :: atomic { told[me] == HEALTHY -> R9: asked[me] = 2 }
  :: atomic { told[me] == REFUSED -> order[me] = ABANDON; goto failed }
  :: atomic { LOSES_PATIENCE(me); order[me] = ABANDON; goto failed }
  :: atomic { LOSES_PATIENCE(me); goto end_of_run } /* it dies */
  fi;
  if
  :: atomic { told[me] == CONFIRMED -> said[me] = SUCCESS; R10: order[me] = RELEASE; goto end_of_run }
  :: atomic { told[me] == REFUSED -> order[me] = ABANDON; goto failed }
  :: atomic { LOSES_PATIENCE(me); order[me] = ABANDON; goto failed }
  :: atomic { LOSES_PATIENCE(me); goto end_of_run }
  fi;
  /* What it says then, it has read: with the flock, synced, and after its lease is gone, so that nothing comes later. */
failed:
#ifndef SAYS_WITH_LEASE
  if
  :: atomic { flock == 0 -> lease = (lease == me -> 0 : lease) }
  :: goto end_of_run
  fi;
#endif
  if
  :: atomic { flock == 0 && pending != me && reverting != me ->
#ifndef READS_UNSYNCED
       sync();
#endif
       said[me] = (confirmed[me] -> SUCCESS : (rolledback[me] -> WENT_BACK : UNCHANGED)) }
  :: goto end_of_run
  fi;
end_of_run:
  ended[me] = true
}

/* Deadlines pass at any moment at which nobody has just extended them. */
proctype Time() {
  do
  :: atomic { pending && !passed -> passed = true; hurt = hurt || pending == 2 }
  od
}

proctype Death() {
  do
  :: atomic { FAULT && onHost[1] && !dead[1] -> faults--; dead[1] = true; flock = (flock == 1 -> 0 : flock) }
  :: atomic { FAULT && onHost[2] && !dead[2] -> faults--; dead[2] = true; flock = (flock == 2 -> 0 : flock); hurt = true }
  :: atomic { FAULT && guardActive && !guardDead -> faults--; guardDead = true; flock = (flock == GUARD -> 0 : flock) }
  od
}

proctype PowerLoss() {
  do
  :: atomic { FAULT -> faults--;
       if :: current = diskCurrent :: skip fi;
       if
       :: pending = diskPending; reverting = diskReverting; back = diskBack;
          confirmed[1] = diskConfirmed[1]; confirmed[2] = diskConfirmed[2];
          rolledback[1] = diskRolledback[1]; rolledback[2] = diskRolledback[2]
       :: skip
       fi;
       sync();
       dead[1] = onHost[1]; dead[2] = onHost[2]; guardDead = guardActive;
       cut[1] = began[1]; cut[2] = began[2];
       /* the boot id is another one */
       passed = true;
       flock = 0; limited = false; restart();
       hurt = hurt || began[2]; look()
     }
  od
}

init {
  byte right;
  atomic {
    target[1] = ONE; guardWorks = true;
    good[OLD] = true; good[TWO] = true;
    good[ONE] = true; base = OLD;
    if
#ifdef ALONE
    :: target[2] = NONE
    :: target[2] = NONE; good[ONE] = false
    :: target[2] = NONE; base = NONE /* the first deploy */
    :: target[2] = NONE; base = NONE; good[ONE] = false
    :: target[2] = NONE; guardWorks = false
#elif defined(SECOND)
    :: target[2] = SECOND
#else
    :: target[2] = TWO
    :: target[2] = TWO; base = NONE
    :: target[2] = ONE /* both go to the same release that is kept */
    :: target[2] = OLD /* it goes back */
#endif
    fi;
    current = base; running = base; complete[OLD] = (base == OLD);
    sync();
    run Script(1); run Runner(1); run Script(2); run Runner(2);
    run Hold(); run Guard(); run Service(); run Time(); run Death(); run PowerLoss()
  };

  timeout -> atomic { /* nothing more can happen: this is what is left */
    right = (confirmed[2] -> target[2] : (confirmed[1] -> target[1] : base));
    PROPERTY(the_flock_is_free, flock == 0);
    PROPERTY(confirmed_or_old_is_current, current == right);
    PROPERTY(no_marker_is_left, (!pending && !reverting) || !guardWorks);
    PROPERTY(confirmed_or_old_runs, running == right);
    PROPERTY(every_run_comes_to_its_end, ended[1] && ended[2]);
    PROPERTY(success_means_new_is_confirmed, (said[1] != SUCCESS || confirmed[1]) && (said[2] != SUCCESS || confirmed[2]));
    PROPERTY(gone_back_means_old, (said[1] != WENT_BACK || (rolledback[1] && !confirmed[1])) && (said[2] != WENT_BACK || (rolledback[2] && !confirmed[2])));
    PROPERTY(unchanged_means_untouched, (said[1] != UNCHANGED || (!rolledback[1] && !confirmed[1])) && (said[2] != UNCHANGED || (!rolledback[2] && !confirmed[2])));
    PROPERTY(the_next_deploy_succeeds, hurt || said[2] == SUCCESS);
    PROPERTY(what_is_asked_for_never_happens, !(WANTED))
  }
}
