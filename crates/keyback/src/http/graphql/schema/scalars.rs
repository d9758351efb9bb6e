//! Values that are written as they are.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use serde_json::Map;

use crate::base::timestamp::Timestamp;

/// A point in time, in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::graphql) struct DateTime(pub(in crate::http::graphql) Timestamp);

#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) if text.contains(['T', 't']) => {
                Timestamp::parse(text).map(Self).ok_or_else(|| {
                    InputValueError::custom(
                        "must be an RFC 3339 time, such as 2026-11-23T09:00:00Z",
                    )
                })
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.rfc3339())
    }
}

macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub(in crate::http::graphql) struct $name(pub(super) Map<String, serde_json::Value>);

        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                Err(InputValueError::expected_type(value))
            }

            fn to_value(&self) -> Value {
                // JSON is always a value.
                Value::from_json(serde_json::Value::Object(self.0.clone())).unwrap_or_default()
            }
        })+
    };
}
objects!(
    /// What is known of a password: nothing. An empty object.
    AuthenticatorClaims,
    /// What is known of an address to sign in with, by the names of claims.
    IdentityClaims,
    /// Attributes of the operator's own: none. An empty object.
    UserCustomAttributes,
    /// The standard attributes of a user, as far as they are known.
    UserStandardAttributes,
    /// Wallets: none. An empty object.
    Web3Claims,
);
