//! Gives zxcvbn the clock that it asks for.

fn main() -> std::io::Result<()> {
    zxcvbn_clock::link()
}
