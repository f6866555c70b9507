import { manifestOf } from '../../made-project.ts'

/** What each of them prints, wherever it runs. */
export type NativeProject = { files: Readonly<Record<string, string>>; prints: string }

const WITH_CC = '[build-dependencies]\ncc = "1"\n'

export const pureRust: NativeProject = {
  files: {
    'Cargo.toml': manifestOf('app'),
    'src/main.rs': `fn main() {
    let thread = std::thread::spawn(|| 6 * 7);
    println!("{} {}", thread.join().unwrap(), std::panic::catch_unwind(|| panic!("caught")).is_err());
}
`,
  },
  prints: '42 true\n',
}

const ANSWER_C = `#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local int local = 3;

static void *add(void *into) {
    *(int *)into += local;
    return into;
}

int answer(const char *question, char *out, size_t size) {
    char copy[64] = {0};
    int sum = 1;
    pthread_t thread;
    if (pthread_create(&thread, NULL, add, &sum) != 0 || pthread_join(thread, NULL) != 0) return -1;
    strncpy(copy, question, sizeof copy - 1);
    return snprintf(out, size, "%s %.2f %.2Lf %d", copy, pow(atof("1.5"), 3), powl(1.5L, 2), sum);
}
`

/** C with the headers and the libraries that most C asks for, called by Rust. */
export const withC: NativeProject = {
  files: {
    'Cargo.toml': manifestOf('app', WITH_CC),
    'build.rs': `fn main() {
    cc::Build::new().file("answer.c").compile("answer");
    for library in ["m", "pthread", "dl", "rt"] {
        println!("cargo:rustc-link-lib={library}");
    }
}
`,
    'answer.c': ANSWER_C,
    'src/main.rs': `use std::ffi::{c_char, c_int, CStr};
extern "C" {
    fn answer(question: *const c_char, out: *mut c_char, size: usize) -> c_int;
}
fn main() {
    let mut out = [0; 64];
    let length = unsafe { answer(c"asked".as_ptr(), out.as_mut_ptr(), out.len()) };
    println!("{length} {}", unsafe { CStr::from_ptr(out.as_ptr()) }.to_str().unwrap());
}
`,
  },
  prints: '17 asked 3.38 2.25 4\n',
}

/** C++ with its library, constructors before main, and exceptions beside the panics of Rust. */
export const withCpp: NativeProject = {
  files: {
    'Cargo.toml': manifestOf('app', WITH_CC),
    'build.rs': 'fn main() {\n    cc::Build::new().cpp(true).file("answer.cpp").compile("answer");\n}\n',
    'answer.cpp': `#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

static const std::map<std::string, int> known{{"asked", 42}};

static int find(const std::string &name) {
    if (known.count(name) == 0) throw std::out_of_range("no " + name);
    return known.at(name);
}

extern "C" int answer(const char *name) {
    try {
        return find(name);
    } catch (const std::exception &error) {
        std::cout << error.what() << std::endl;
        return -1;
    }
}
`,
    'src/main.rs': `use std::ffi::{c_char, c_int};
extern "C" {
    fn answer(name: *const c_char) -> c_int;
}
fn main() {
    let ask = |name: &std::ffi::CStr| unsafe { answer(name.as_ptr()) };
    let found = ask(c"asked");
    let caught = std::panic::catch_unwind(|| if ask(c"other") < 0 { panic!("nothing") });
    println!("{found} {}", caught.is_err());
}
`,
  },
  prints: 'no other\n42 true\n',
}
