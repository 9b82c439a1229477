//! FarmHash's `Fingerprint64`, which is BigQuery's `FARM_FINGERPRINT`.
//!
//! The crate `farmhash` gives other values for texts of a multiple of 64 bytes
//! (`docs/decisions/0007`), so it is written here, after `Hash64` of `farmhashna.cc` in Google's
//! FarmHash (<https://github.com/google/farmhash>, MIT). The value of a text never changes.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;

/// The fingerprint of some bytes.
#[must_use]
pub fn fingerprint64(bytes: &[u8]) -> u64 {
    match bytes.len() {
        0..=16 => up_to_16(bytes),
        17..=32 => up_to_32(bytes),
        33..=64 => up_to_64(bytes),
        _ => longer(bytes),
    }
}

/// Eight bytes from `at`, little-endian.
fn fetch(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

fn shift_mix(value: u64) -> u64 {
    value ^ (value >> 47)
}

fn mix(u: u64, v: u64, by: u64) -> u64 {
    let a = shift_mix((u ^ v).wrapping_mul(by));
    let b = shift_mix((v ^ a).wrapping_mul(by));
    b.wrapping_mul(by)
}

fn multiplier(bytes: &[u8]) -> u64 {
    K2.wrapping_add(bytes.len() as u64 * 2)
}

fn up_to_16(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let by = multiplier(bytes);
    match length {
        8.. => {
            let a = fetch(bytes, 0).wrapping_add(K2);
            let b = fetch(bytes, length - 8);
            let c = b.rotate_right(37).wrapping_mul(by).wrapping_add(a);
            let d = a.rotate_right(25).wrapping_add(b).wrapping_mul(by);
            mix(c, d, by)
        }
        4.. => {
            let four =
                |at: usize| (at..at + 4).rev().fold(0, |word, i| word << 8 | u64::from(bytes[i]));
            mix((length as u64).wrapping_add(four(0) << 3), four(length - 4), by)
        }
        1.. => {
            let [a, b, c] = [0, length >> 1, length - 1].map(|at| u64::from(bytes[at]));
            let y = a + (b << 8);
            let z = length as u64 + (c << 2);
            shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K0)).wrapping_mul(K2)
        }
        0 => K2,
    }
}

fn up_to_32(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let by = multiplier(bytes);
    let a = fetch(bytes, 0).wrapping_mul(K1);
    let b = fetch(bytes, 8);
    let c = fetch(bytes, length - 8).wrapping_mul(by);
    let d = fetch(bytes, length - 16).wrapping_mul(K2);
    mix(rotated_sum(a.wrapping_add(b), c, d), a.wrapping_add(rotated(b)).wrapping_add(c), by)
}

fn rotated_sum(one: u64, two: u64, three: u64) -> u64 {
    one.rotate_right(43).wrapping_add(two.rotate_right(30)).wrapping_add(three)
}

fn rotated(value: u64) -> u64 {
    value.wrapping_add(K2).rotate_right(18)
}

fn up_to_64(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let by = multiplier(bytes);
    let a = fetch(bytes, 0).wrapping_mul(K2);
    let b = fetch(bytes, 8);
    let c = fetch(bytes, length - 8).wrapping_mul(by);
    let d = fetch(bytes, length - 16).wrapping_mul(K2);
    let y = rotated_sum(a.wrapping_add(b), c, d);
    let z = mix(y, a.wrapping_add(rotated(b)).wrapping_add(c), by);
    let e = fetch(bytes, 16).wrapping_mul(by);
    let f = fetch(bytes, 24);
    let g = y.wrapping_add(fetch(bytes, length - 32)).wrapping_mul(by);
    let h = z.wrapping_add(fetch(bytes, length - 24)).wrapping_mul(by);
    let last = e.wrapping_add(f.wrapping_add(a).rotate_right(18)).wrapping_add(g);
    mix(rotated_sum(e.wrapping_add(f), g, h), last, by)
}

/// The state while blocks of 64 bytes are read.
struct State {
    x: u64,
    y: u64,
    z: u64,
    v: [u64; 2],
    w: [u64; 2],
}

impl State {
    /// Takes a block in; `more` is what the last one weighs `v` and `w` with.
    fn read(&mut self, block: &[u8], by: u64, more: u64) {
        let Self { x, y, z, v, w } = self;
        *x = x.wrapping_add(*y).wrapping_add(v[0]).wrapping_add(fetch(block, 8));
        *x = x.rotate_right(37).wrapping_mul(by);
        *y = y.wrapping_add(v[1]).wrapping_add(fetch(block, 48)).rotate_right(42).wrapping_mul(by);
        *x ^= w[1].wrapping_mul(more);
        *y = y.wrapping_add(v[0].wrapping_mul(more)).wrapping_add(fetch(block, 40));
        *z = z.wrapping_add(w[0]).rotate_right(33).wrapping_mul(by);
        *v = weak(block, v[1].wrapping_mul(by), x.wrapping_add(w[0]));
        *w = weak(&block[32..], z.wrapping_add(w[1]), y.wrapping_add(fetch(block, 16)));
        std::mem::swap(z, x);
    }
}

fn weak(bytes: &[u8], a: u64, b: u64) -> [u64; 2] {
    let [w, x, y, z] = [0, 8, 16, 24].map(|at| fetch(bytes, at));
    let first = a.wrapping_add(w);
    let second = b.wrapping_add(first).wrapping_add(z).rotate_right(21);
    let sum = first.wrapping_add(x).wrapping_add(y);
    [sum.wrapping_add(z), second.wrapping_add(sum.rotate_right(44)).wrapping_add(first)]
}

fn longer(bytes: &[u8]) -> u64 {
    const SEED: u64 = 81;
    let y = SEED.wrapping_mul(K1).wrapping_add(113);
    let mut state = State {
        x: SEED.wrapping_mul(K2).wrapping_add(fetch(bytes, 0)),
        y,
        z: shift_mix(y.wrapping_mul(K2).wrapping_add(113)).wrapping_mul(K2),
        v: [0; 2],
        w: [0; 2],
    };
    // The last block, whole or not, is read at the end, as the last 64 bytes.
    let rest = bytes.len() - 1;
    for block in bytes[..rest / 64 * 64].chunks_exact(64) {
        state.read(block, K1, 1);
    }
    let by = K1.wrapping_add((state.z & 0xff) << 1);
    state.w[0] = state.w[0].wrapping_add(rest as u64 & 63);
    state.v[0] = state.v[0].wrapping_add(state.w[0]);
    state.w[0] = state.w[0].wrapping_add(state.v[0]);
    state.read(&bytes[bytes.len() - 64..], by, 9);
    let State { x, y, z, v, w } = state;
    // `read` has swapped them.
    let first = mix(v[0], w[0], by).wrapping_add(shift_mix(y).wrapping_mul(K0)).wrapping_add(z);
    mix(first, mix(v[1], w[1], by).wrapping_add(x), by)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text of so many letters.
    fn letters(length: usize) -> Vec<u8> {
        (0..length).map(|i| b'a' + (i * 7 % 26) as u8).collect()
    }

    /// What Google's own library says (by pyfarmhash, which wraps it).
    #[test]
    fn it_says_what_googles_library_says() {
        for (length, expected) in [
            (0, -7_286_425_919_675_154_353),
            (1, -5_528_939_962_900_187_677),
            (3, 3_268_219_959_478_574_187),
            (4, 8_899_178_591_127_745_170),
            (7, -1_358_250_317_170_328_822),
            (8, -7_803_283_539_646_404_576),
            (16, -822_290_208_878_622_370),
            (17, 2_237_273_621_417_572_890),
            (32, -7_622_660_347_749_393_988),
            (33, 8_045_080_651_094_301_868),
            (64, -2_297_228_965_523_917_154),
            (65, 2_768_067_016_444_695_309),
            (127, 4_960_837_163_188_540_313),
            (128, -7_965_615_431_543_156_339),
            (129, 1_060_550_032_972_533_880),
            (192, 3_016_510_856_553_223_177),
            (193, -3_878_444_835_036_911_161),
            (256, 3_078_584_628_691_648_450),
        ] {
            assert_eq!(fingerprint64(&letters(length)).cast_signed(), expected, "{length} bytes");
        }
    }

    /// All lengths up to a thousand, as one number from the same library.
    #[test]
    fn no_length_is_an_exception() {
        let all = (0..1000)
            .fold(0_u64, |all, length| all.rotate_left(1) ^ fingerprint64(&letters(length)));
        assert_eq!(all, 17_218_534_897_657_528_473);
    }

    /// Google's documentation of `FARM_FINGERPRINT` gives this pair
    /// (BigQuery, Hash functions, example of `FARM_FINGERPRINT`).
    #[test]
    fn it_is_the_warehouses_hash() {
        assert_eq!(fingerprint64(b"1footrue").cast_signed(), -1_541_654_101_129_638_711);
    }
}
