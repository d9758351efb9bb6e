//! Hashes behind a label in braces, `{bcrypt}$2a$…`: what Spring's `DelegatingPasswordEncoder` and LDAP servers (RFC 2307)
//! write.

use super::Scheme;
use super::argon2::Argon2Hash;
use super::bcrypt::BcryptHash;
use super::digest::DigestHash;
use super::md5_crypt::Md5CryptHash;
use super::pbkdf2::Pbkdf2Hash;
use super::scrypt::ScryptHash;
use super::sha_crypt::ShaCryptHash;

/// Reads what follows the label. LDAP labels are case-insensitive, and no two labels differ by case alone.
pub(super) fn read(text: &str) -> Option<Scheme> {
    let (label, rest) = text.strip_prefix('{')?.split_once('}')?;
    let label = label.to_ascii_lowercase();
    let parts: Vec<&str> = rest.split('$').collect();
    let begins_with_a_scheme = rest.starts_with('$');
    match label.as_str() {
        "bcrypt" if begins_with_a_scheme => BcryptHash::read(&parts).map(Scheme::Bcrypt),
        "argon2" | "argon2i" | "argon2id" | "argon2@springsecurity_v5_8"
            if begins_with_a_scheme =>
        {
            Argon2Hash::read(&parts).map(Scheme::Argon2)
        }
        "scrypt" | "scrypt@springsecurity_v5_8" if begins_with_a_scheme => {
            ScryptHash::read(&parts).map(Scheme::Scrypt)
        }
        "crypt" | "blf-crypt" | "md5-crypt" | "sha256-crypt" | "sha512-crypt"
            if begins_with_a_scheme =>
        {
            let of_bcrypt = BcryptHash::read(&parts).map(Scheme::Bcrypt);
            of_bcrypt
                .or_else(|| ShaCryptHash::read(&parts).map(Scheme::ShaCrypt))
                .or_else(|| Md5CryptHash::read(&parts).map(Scheme::Md5Crypt))
        }
        "ldap" => read(rest).filter(|scheme| matches!(scheme, Scheme::Digest(_))),
        label if label.starts_with("pbkdf2") || label == "pkcs5s2" => {
            Pbkdf2Hash::read_labelled(label, &parts).map(Scheme::Pbkdf2)
        }
        label => DigestHash::read_labelled(label, rest).map(Scheme::Digest),
    }
}
