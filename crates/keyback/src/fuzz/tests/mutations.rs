//! Changes to inputs, as faults and attackers would make them.

/// What parsers stumble over.
const TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b",",
    b";",
    b":",
    b"\n",
    b"\r\n",
    b"\t",
    b"\0",
    b"%",
    b"%00",
    b"%2e%2e",
    b"..",
    b"//",
    b"@",
    b"#",
    b"$",
    b"xn--",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"\"\"",
    b"__typename",
    b"...",
];
/// Numbers at the limits of types.
const NUMBERS: &[&[u8]] = &[
    b"0",
    b"-1",
    b"1",
    b"255",
    b"65536",
    b"4294967296",
    b"9007199254740993",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"1e308",
    b"1e999",
    b"0.5",
];

/// One of `seeds` with up to four changes; `draw` gives a number below its argument.
pub(super) fn mutate(seeds: &[Vec<u8>], draw: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut input = seeds[draw(seeds.len())].clone();
    for _ in 0..=draw(4) {
        let at = draw(input.len() + 1);
        let end = at + draw((input.len() - at + 1).min(32));
        match draw(8) {
            0 if at < input.len() => input[at] ^= 1 << draw(8),
            1 if at < input.len() => input[at] = u8::try_from(draw(256)).unwrap(),
            2 => drop(input.drain(at..end)),
            3 => {
                let copy = input[at..end].to_vec();
                drop(input.splice(at..at, copy));
            }
            4 => {
                let other = &seeds[draw(seeds.len())];
                let from = draw(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            5 => replace_number(&mut input, at, NUMBERS[draw(NUMBERS.len())]),
            _ => drop(input.splice(at..at, TOKENS[draw(TOKENS.len())].iter().copied())),
        }
    }
    input
}

/// Puts `number` in the place of the digits that come next after `at`.
fn replace_number(input: &mut Vec<u8>, at: usize, number: &[u8]) {
    let digits = |byte: &u8| byte.is_ascii_digit();
    let Some(from) = input[at..].iter().position(digits).map(|it| at + it) else {
        return;
    };
    let length = input[from..].iter().position(|byte| !digits(byte));
    let end = length.map_or(input.len(), |length| from + length);
    drop(input.splice(from..end, number.iter().copied()));
}
