//! The file of tokens: a JSON object a line, with a name and the SHA-256 of a random token. The
//! token itself is shown once, when it is made, and kept nowhere.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Hash, Token};
use crate::serve::answer::cache::shared::hex;

/// What a token begins with, so that one that was published by mistake is found.
const PREFIX: &str = "weather_";

/// The name of a token: what logs call the caller. Lower-case letters, digits, `_` and `-`, at most
/// 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenName(String);

impl TokenName {
    /// The name written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let valid = (1..=64).contains(&text.len()) && text.chars().all(allowed);
        valid.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A token that has just been made.
pub struct NewToken {
    name: TokenName,
    secret: String,
}

impl NewToken {
    /// A token of 256 random bits.
    ///
    /// # Errors
    /// When the system has no random bits.
    pub fn make(name: TokenName) -> io::Result<Self> {
        let mut bits = [0_u8; 32];
        getrandom::fill(&mut bits).map_err(io::Error::from)?;
        Ok(Self { name, secret: format!("{PREFIX}{}", hex(&bits)) })
    }

    /// The token itself.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The line of the file that lets it in.
    #[must_use]
    pub fn line(&self) -> String {
        let hash = hex(&Sha256::digest(&self.secret));
        serde_json::json!({"name": self.name.as_str(), "sha256": hash}).to_string()
    }
}

/// A fault of a line. The line itself is not repeated: it may hold a token.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenFault {
    line: usize,
    problem: String,
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    sha256: String,
}

/// The tokens of a file, or what is wrong with it.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path) -> io::Result<Result<Vec<Token>, Vec<TokenFault>>> {
    std::fs::read_to_string(path).map(|text| parse(&text))
}

/// The tokens that `text` lists; empty lines and those that begin with `#` say nothing.
///
/// # Errors
/// Every fault.
pub fn parse(text: &str) -> Result<Vec<Token>, Vec<TokenFault>> {
    let (mut tokens, mut faults, mut lines) = (Vec::new(), Vec::new(), HashMap::new());
    let is_said = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.starts_with('#');
    for (line, text) in (1..).zip(text.lines()).filter(is_said) {
        let known = token(text).and_then(|token| match lines.insert(token.name.clone(), line) {
            Some(first) => Err(format!("name: {} is in line {first} too", token.name.as_str())),
            None => Ok(token),
        });
        match known {
            Ok(token) => tokens.push(token),
            Err(problem) => faults.push(TokenFault { line, problem }),
        }
    }
    if tokens.is_empty() && faults.is_empty() {
        faults.push(TokenFault { line: 1, problem: "no token in the file".into() });
    }
    if faults.is_empty() { Ok(tokens) } else { Err(faults) }
}

fn token(line: &str) -> Result<Token, String> {
    let Line { name, sha256 } = serde_json::from_str(line)
        .map_err(|_| r#"expected {"name": "…", "sha256": "…"} and nothing else"#.to_owned())?;
    let name = TokenName::parse(&name)
        .ok_or("name: expected 1 to 64 of lower-case letters, digits, _ and -")?;
    let hash = parse_hash(&sha256).ok_or("sha256: expected 64 hexadecimal digits")?;
    Ok(Token { name, hash })
}

fn parse_hash(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_with_its_line_and_no_line_is_repeated() {
        let hash = "ab".repeat(32);
        let text = format!(
            "# who may ask\n\n{{\"name\": \"a\", \"sha256\": \"{hash}\"}}\n\
             {{\"name\": \"A b\", \"sha256\": \"{hash}\"}}\n\
             {{\"name\": \"a\", \"sha256\": \"{hash}\"}}\n\
             {{\"name\": \"c\", \"sha256\": \"12\"}}\n\
             weather_secret\n"
        );
        let faults = parse(&text).err().unwrap();
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        let expected = [
            "line 4: name: ",
            "line 5: name: a is in line 3 too",
            "line 6: sha256: ",
            "line 7: expected {\"name\"",
        ];
        assert_eq!(faults.len(), expected.len());
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.starts_with(expected) && !fault.contains("secret"), "{fault}");
        }
        assert_eq!(parse("# none\n").err().unwrap()[0].to_string(), "line 1: no token in the file");
    }

    #[test]
    fn no_two_tokens_are_the_same_and_the_line_does_not_hold_the_token() {
        let make = || NewToken::make(TokenName::parse("bi").unwrap()).unwrap();
        let (one, other) = (make(), make());
        assert_ne!(one.secret(), other.secret());
        assert_eq!(one.secret().len(), PREFIX.len() + 64);
        assert!(!one.line().contains(&one.secret()[PREFIX.len()..]));
    }
}
