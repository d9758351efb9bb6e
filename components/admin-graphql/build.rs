//! Links the clock that zxcvbn imports.

fn main() -> std::io::Result<()> {
    zxcvbn_clock::link()
}
