/**
 * Debian compiles LLVM's libunwind for glibc and fortified; this is the one name in it that musl does not have. What
 * libunwind says with it, as it aborts, comes out as it should.
 */
export const FORTIFY = `#![no_std]
#![feature(c_variadic)]
use core::ffi::{VaList, c_char, c_int, c_void};

unsafe extern "C" {
    fn vfprintf(stream: *mut c_void, format: *const c_char, values: VaList<'_>) -> c_int;
}

/// The flag only asks for checks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __fprintf_chk(
    stream: *mut c_void,
    _flag: c_int,
    format: *const c_char,
    values: ...
) -> c_int {
    unsafe { vfprintf(stream, format, values) }
}
`
