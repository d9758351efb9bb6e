//! A build-time helper for components that check new passwords.
//!
//! zxcvbn times itself. On Wasm, it asks its embedder for the time through an import that no host has. The linker can
//! satisfy an import from a module of our own, an adapter; this one always returns the same time. zxcvbn takes the
//! current year from it, to recognise recent years in passwords, so the time must be roughly right. The durations it
//! measures are never read. See `docs/decisions/0004-zxcvbn.md`.

use std::path::Path;
use std::{env, fs, io};

use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Module, TypeSection, ValType,
};

/// 2026-07-01T00:00:00Z. With the build's own date, no two builds would be identical.
const MILLISECONDS: i64 = 1_782_864_000_000;

/// Writes the adapter and has it linked. Call it from a component's `build.rs`.
///
/// # Errors
/// If Cargo provides no output folder, or it cannot be written.
pub fn link() -> io::Result<()> {
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let path = Path::new(&folder).join("zxcvbn_clock.wasm");
    fs::write(&path, adapter())?;
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!(
            "cargo::rustc-link-arg-cdylib=--adapt=zxcvbn={}",
            path.display()
        );
    }
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

fn adapter() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I64]);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export("unix_time_milliseconds_imported", ExportKind::Func, 0);
    let mut time = Function::new([]);
    time.instructions().i64_const(MILLISECONDS).end();
    let mut code = CodeSection::new();
    code.function(&time);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&exports)
        .section(&code);
    module.finish()
}
