//! argon2id (RFC 9106, version 19) with one lane and 32 bytes of output, written for speed in Wasm.
//!
//! The `argon2` crate takes 1.9 times as long there: it returns blocks by value, and each copy is a call out of Wasm.
//! Decision 0005 has the measurements. It is a crate of its own since Cargo sets the optimization level per crate, and the
//! library around it is compiled for size.

#![forbid(unsafe_code)]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in Wasm is a trap, which ends every request of the instance"
)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "constants, or positions that RFC 9106 keeps within the memory"
)]
#![expect(
    clippy::inline_always,
    reason = "a permutation's sixteen words stay in registers"
)]

use std::hint::black_box;
use std::iter::zip;
use std::ops::Range;

use blake2::{Blake2b256, Blake2b512, Digest as _};

const OUTPUT_BYTES: usize = 32;
const BLOCK_BYTES: usize = 1024;
const WORDS: usize = BLOCK_BYTES / 8;
/// What one permutation mixes: a row of a block, or two columns of it.
const ROW: usize = 16;
/// From the first word of a pair of columns to its last.
const COLUMN_SPAN: usize = WORDS - ROW + 2;
/// Synchronization points per pass, RFC 9106 §3.4.
const SLICES: usize = 4;
const VERSION: u32 = 0x13;
const ARGON2ID: u32 = 2;

/// Per slice, so a hash of Keyback's own has 128 parts. Each takes about a sixth of a millisecond with Keyback's own
/// parameters.
const PARTS: usize = 16;

type Block = [u64; WORDS];
const ZERO: Block = [0; WORDS];

/// Hashes `password`, and calls `pause` 64 times per iteration. `None` if memory runs out, and for parameters that
/// RFC 9106 §3.1 does not allow.
pub async fn hash(
    password: &[u8],
    salt: &[u8],
    memory_kib: u32,
    iterations: u32,
    pause: &impl AsyncFn(),
) -> Option<[u8; OUTPUT_BYTES]> {
    let segment = usize::try_from(memory_kib / 4).ok().filter(|&n| n >= 2)?;
    let seed = seed(password, salt, memory_kib, iterations)?;
    let mut lane = Lane::new(&seed, segment)?;
    for pass in 0..iterations {
        for slice in 0..SLICES {
            let mut addresses = (pass == 0 && slice < SLICES / 2)
                .then(|| Addresses::new(slice, lane.length(), iterations));
            let part = |index: usize| index * segment / PARTS..(index + 1) * segment / PARTS;
            for indexes in (0..PARTS).map(part) {
                lane.fill(pass, slice, indexes, addresses.as_mut())?;
                pause().await;
            }
        }
    }
    lane.memory.last().map(finish)
}

/// The memory filled so far.
struct Lane {
    memory: Vec<Block>,
    /// Blocks in a slice.
    segment: usize,
}

impl Lane {
    fn new(seed: &[u8; 64], segment: usize) -> Option<Self> {
        let mut memory: Vec<Block> = Vec::new();
        memory.try_reserve_exact(segment * SLICES).ok()?;
        memory.extend([0_u32, 1].map(|index| first_block(seed, index)));
        Some(Self { memory, segment })
    }

    const fn length(&self) -> usize {
        self.segment * SLICES
    }

    /// Fills the blocks of a slice at these indexes. `None` cannot happen.
    // Not inlined into the future that calls it: there, every variable would be in memory.
    #[inline(never)]
    fn fill(
        &mut self,
        pass: u32,
        slice: usize,
        indexes: Range<usize>,
        mut addresses: Option<&mut Addresses>,
    ) -> Option<()> {
        let (segment, length) = (self.segment, self.length());
        let memory = &mut self.memory;
        let mut scratch = ZERO;
        for index in indexes {
            let current = slice * segment + index;
            let address = addresses.as_mut().map(|addresses| addresses.word(index));
            if pass == 0 && current < 2 {
                continue;
            }
            let previous = current.checked_sub(1).unwrap_or(length - 1);
            let random = address.unwrap_or(memory[previous][0]);
            // Neither of the two is the current block, and they are not the same.
            let reference = if pass == 0 {
                position(random, current - 1)
            } else {
                let oldest = (slice + 1) % SLICES * segment;
                (oldest + position(random, length - segment + index - 1)) % length
            };
            if pass == 0 {
                // Grows block by block, so that each block is in the cache when it is filled.
                memory.push(ZERO);
            }
            let [previous, reference, current] = memory
                .get_disjoint_mut([previous, reference, current])
                .ok()?;
            if pass == 0 {
                compress::<false>(previous, reference, current, &mut scratch);
            } else {
                compress::<true>(previous, reference, current, &mut scratch);
            }
        }
        Some(())
    }
}

/// H0, RFC 9106 §3.2.
fn seed(password: &[u8], salt: &[u8], memory_kib: u32, iterations: u32) -> Option<[u8; 64]> {
    let mut digest = Blake2b512::new();
    for number in [1, 32, memory_kib, iterations, VERSION, ARGON2ID] {
        digest.update(number.to_le_bytes());
    }
    // Neither a secret nor associated data follows.
    for text in [password, salt, &[], &[]] {
        digest.update(u32::try_from(text.len()).ok()?.to_le_bytes());
        digest.update(text);
    }
    Some(digest.finalize().into())
}

/// H' of 1024 bytes, RFC 9106 §3.3, which makes the first two blocks.
fn first_block(seed: &[u8; 64], index: u32) -> Block {
    let mut digest = Blake2b512::new();
    digest.update(1024_u32.to_le_bytes());
    digest.update(seed);
    digest.update(index.to_le_bytes());
    digest.update(0_u32.to_le_bytes());
    let mut digest = digest.finalize();

    let mut bytes = [0; BLOCK_BYTES];
    let (halves, whole) = bytes.split_at_mut(BLOCK_BYTES - 64);
    for half in halves.chunks_exact_mut(32) {
        half.copy_from_slice(&digest[..32]);
        digest = Blake2b512::digest(digest);
    }
    whole.copy_from_slice(&digest);

    let mut block = ZERO;
    for (word, bytes) in zip(&mut block, bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    block
}

/// H' of 32 bytes over the last block.
fn finish(block: &Block) -> [u8; OUTPUT_BYTES] {
    let mut digest = Blake2b256::new();
    digest.update(32_u32.to_le_bytes());
    for word in block {
        digest.update(word.to_le_bytes());
    }
    digest.finalize().into()
}

/// Which block of an area to refer to, RFC 9106 §3.4.2.
fn position(random: u64, area: usize) -> usize {
    let x = random & u64::from(u32::MAX);
    let x = (x * x) >> 32;
    area - 1 - ((area as u64 * x) >> 32) as usize
}

/// The data-independent addressing of RFC 9106 §3.4.1.2, used while references must not depend on the password.
struct Addresses {
    input: Block,
    words: Block,
}

impl Addresses {
    fn new(slice: usize, length: usize, iterations: u32) -> Self {
        let mut input = ZERO;
        input[2] = slice as u64;
        input[3] = length as u64;
        input[4] = iterations.into();
        input[5] = ARGON2ID.into();
        Self { input, words: ZERO }
    }

    /// The pseudo-random number for the block at `index` of the slice. Must be called in order.
    fn word(&mut self, index: usize) -> u64 {
        if index.is_multiple_of(WORDS) {
            self.input[6] += 1;
            let (mut once, mut scratch) = (ZERO, ZERO);
            compress::<false>(&ZERO, &self.input, &mut once, &mut scratch);
            compress::<false>(&ZERO, &once, &mut self.words, &mut scratch);
        }
        self.words[index % WORDS]
    }
}

/// G, RFC 9106 §3.5, into `output`: combined with it by XOR with `ADD`, otherwise overwriting it.
fn compress<const ADD: bool>(x: &Block, y: &Block, output: &mut Block, scratch: &mut Block) {
    let rows = zip(x.as_chunks().0, y.as_chunks().0);
    let mixed = zip(output.as_chunks_mut().0, scratch.as_chunks_mut().0);
    for ((x, y), (output, scratch)) in zip(rows, mixed) {
        permute_row::<ADD>(x, y, output, scratch);
    }
    for column in (0..ROW).step_by(2) {
        let mixed = scratch[column..].first_chunk();
        if let (Some(mixed), Some(output)) = (mixed, output[column..].first_chunk_mut()) {
            permute_columns(mixed, output);
        }
    }
}

// The next two are functions of their own so that Cranelift adds constants to one address as part of each access. In
// the loop above, it would compute each address.

#[inline(never)]
fn permute_row<const ADD: bool>(
    x: &[u64; ROW],
    y: &[u64; ROW],
    output: &mut [u64; ROW],
    mixed: &mut [u64; ROW],
) {
    let mut v = [0; ROW];
    for i in 0..ROW {
        v[i] = x[i] ^ y[i];
        output[i] = if ADD { output[i] ^ v[i] } else { v[i] };
    }
    permute(&mut v);
    *mixed = v;
}

#[inline(never)]
fn permute_columns(mixed: &[u64; COLUMN_SPAN], output: &mut [u64; COLUMN_SPAN]) {
    let mut v = [0; ROW];
    for i in 0..ROW {
        v[i] = mixed[i / 2 * ROW + i % 2];
    }
    permute(&mut v);
    for i in 0..ROW {
        output[i / 2 * ROW + i % 2] ^= v[i];
    }
}

/// P, RFC 9106 §3.6.
#[inline(always)]
fn permute(v: &mut [u64; ROW]) {
    // A known mask would be merged with the doubling in `mix`, which costs one more instruction each time.
    let low_half = black_box(u64::from(u32::MAX));
    let columns = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]];
    mix_quarters(v, columns, low_half);
    let diagonals = [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]];
    mix_quarters(v, diagonals, low_half);
}

/// GB on each quarter of `v`: the first halves, then the second ones.
#[inline(always)]
fn mix_quarters(v: &mut [u64; ROW], quarters: [[usize; 4]; 4], low_half: u64) {
    for quarter in quarters {
        mix_quarter(v, quarter, [32, 24], low_half);
        // Cranelift computes a value where it is first stored. This is a store, so the quarters are interleaved and the
        // processor works on several of them at a time.
        black_box(v[quarter[1]]);
    }
    for quarter in quarters {
        mix_quarter(v, quarter, [16, 63], low_half);
    }
}

/// A half of GB.
#[inline(always)]
fn mix_quarter(v: &mut [u64; ROW], quarter: [usize; 4], rotations: [u32; 2], low_half: u64) {
    let [first, second, third, fourth] = quarter;
    v[first] = mix(v[first], v[second], low_half);
    v[fourth] = (v[fourth] ^ v[first]).rotate_right(rotations[0]);
    v[third] = mix(v[third], v[fourth], low_half);
    v[second] = (v[second] ^ v[third]).rotate_right(rotations[1]);
}

#[inline(always)]
fn mix(x: u64, y: u64, low_half: u64) -> u64 {
    let product = (x & low_half).wrapping_mul(y & low_half);
    x.wrapping_add(y).wrapping_add(product.wrapping_mul(2))
}

#[cfg(test)]
mod tests;
