//! AWS Signature Version 4 for a POST without a query:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
//! Why it is implemented here: `docs/decisions/0012-email-providers.md`.

use std::fmt::Write as _;

use base16ct::lower::encode_string;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::base::timestamp::Timestamp;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The credentials and scope of an AWS Signature Version 4.
pub(super) struct Signer<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) secret_access_key: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// As [`time`] writes it, and as the request's `x-amz-date` has it.
    pub(super) time: &'a str,
}

/// ISO 8601 basic format, such as `20261123T090000Z`.
pub(super) fn time(at: Timestamp) -> String {
    at.rfc3339().replace(['-', ':'], "")
}

impl Signer<'_> {
    /// The value of `Authorization`. `path` is percent-encoded already; `headers` are sorted, their names in lower
    /// case, and `host` and `x-amz-date` are among them.
    ///
    /// `None` if the time has the wrong format.
    pub(super) fn authorization(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<String> {
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut canonical = format!("{method}\n{path}\n\n");
        for (name, value) in headers {
            // Writing to a string does not fail.
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let _ = write!(
            canonical,
            "\n{names}\n{}",
            encode_string(&Sha256::digest(body))
        );

        let (date, _) = self.time.split_once('T')?;
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let digest = encode_string(&Sha256::digest(canonical));
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{digest}", self.time);
        let signature = encode_string(&mac(&self.key(date), &to_sign));
        Some(format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access_key_id
        ))
    }

    fn key(&self, date: &str) -> [u8; 32] {
        let secret = format!("AWS4{}", self.secret_access_key);
        let key = mac(secret.as_bytes(), date);
        let key = mac(&key, self.region);
        let key = mac(&key, self.service);
        mac(&key, "aws4_request")
    }
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        // HMAC accepts keys of any length.
        return [0; 32];
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of the test suite that AWS publishes:
    /// <https://github.com/awslabs/aws-c-auth/tree/v0.9.0/tests/aws-signing-test-suite/v4>.
    #[test]
    fn signatures_are_those_of_the_published_test_suite() {
        let signer = Signer {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
            time: "20150830T123600Z",
        };
        let host = ("host", "example.amazonaws.com");
        let date = ("x-amz-date", "20150830T123600Z");
        let form = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
        for (name, method, headers, body, signature) in [
            (
                "get-vanilla",
                "GET",
                vec![host, date],
                "",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "post-vanilla",
                "POST",
                vec![host, date],
                "",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-header-key-sort",
                "POST",
                vec![host, ("my-header1", "value1"), date],
                "",
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "post-x-www-form-urlencoded",
                "POST",
                vec![
                    ("content-length", "13"),
                    ("content-type", "application/x-www-form-urlencoded"),
                    host,
                    ("x-amz-content-sha256", form),
                    date,
                ],
                "Param1=value1",
                "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
            ),
        ] {
            let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={}, Signature={signature}",
                names.join(";")
            );
            let given = signer.authorization(method, "/", &headers, body.as_bytes());
            assert_eq!(given, Some(expected), "{name}");
        }
    }

    #[test]
    fn the_time_is_written_in_basic_form() {
        let at = Timestamp::from_unix_millis(1_795_424_400_987);
        assert_eq!(time(at), "20261123T090000Z");
    }
}
