//! `spin:redis`, as guests import it: connections to allowed hosts.

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo as _, RedisError, Value, cmd,
};
use wasmtime::Result as Trap;
use wasmtime::component::{Accessor, HasSelf, Resource};

use super::GuestState;
use super::bindings::spin::redis::redis as spin;
use crate::allow_list::AllowList;
use crate::faults::{OnPurpose, store_call};

/// One connection that a component opened. Once broken, by an injected fault too, it stays broken.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Connection(MultiplexedConnection);

impl<T: 'static> spin::HostConnectionWithStore<T> for HasSelf<GuestState> {
    async fn open(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> Result<Resource<Connection>, spin::Error> {
        let is_allowed = accessor.with(|mut access| {
            let grants = &access.get().grants;
            let is_allowed = allows(&grants.allow_list, &address);
            if !is_allowed {
                eprintln!(
                    "{}: a connection to Redis was denied: it is not in `allowed_outbound_hosts`",
                    grants.component
                );
            }
            is_allowed
        });
        if !is_allowed {
            return Err(spin::Error::InvalidAddress);
        }
        let client = Client::open(address).map_err(|_| spin::Error::InvalidAddress)?;
        // Spin sets no timeout either.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| failed(&error))?;
        accessor
            .with(|mut access| access.get().table.push(Connection(connection)))
            .map_err(|_| spin::Error::TooManyConnections)
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        handle: Resource<Connection>,
        command: String,
        arguments: Vec<spin::RedisParameter>,
    ) -> Result<Vec<spin::RedisResult>, spin::Error> {
        let mut connection = connection(accessor, &handle)?;
        let fault = accessor.with(|mut access| access.get().store_fault(&handle));
        let mut command = cmd(&command);
        for argument in arguments {
            match argument {
                spin::RedisParameter::Int64(number) => command.arg(number),
                spin::RedisParameter::Binary(bytes) => command.arg(bytes),
            };
        }
        let answer = async {
            let answer = command.query_async(&mut connection).await;
            answer.map_err(|error| failed(&error))
        };
        let answer: Value = store_call(fault, answer).await?;
        let mut results = Vec::new();
        flatten(answer, &mut results)?;
        Ok(results)
    }
}

impl spin::HostConnection for GuestState {
    fn drop(&mut self, connection: Resource<Connection>) -> Trap<()> {
        self.close(connection)
    }
}

impl spin::Host for GuestState {
    fn convert_error(&mut self, error: spin::Error) -> Trap<spin::Error> {
        Ok(error)
    }
}

fn connection<T>(
    accessor: &Accessor<T, HasSelf<GuestState>>,
    handle: &Resource<Connection>,
) -> Result<MultiplexedConnection, spin::Error> {
    accessor
        .with(|mut access| {
            let connection = access.get().table.get(handle);
            connection.map(|connection| connection.0.clone())
        })
        .map_err(|_| spin::Error::Other("there is no such connection".to_owned()))
}

impl From<OnPurpose> for spin::Error {
    fn from(OnPurpose: OnPurpose) -> Self {
        Self::Other("failed on purpose".to_owned())
    }
}

fn failed(error: &RedisError) -> spin::Error {
    spin::Error::Other(error.to_string())
}

/// Whether an address is one of Redis that the component may call.
fn allows(list: &AllowList, address: &str) -> bool {
    let Some((scheme, _)) = address.split_once("://") else {
        return false;
    };
    match address
        .into_connection_info()
        .as_ref()
        .map(::redis::ConnectionInfo::addr)
    {
        Ok(ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }) => {
            list.allows(scheme, host, Some(*port))
        }
        _ => false,
    }
}

/// Appends an answer as Spin does: nested answers become flat.
fn flatten(answer: Value, results: &mut Vec<spin::RedisResult>) -> Result<(), spin::Error> {
    results.push(match answer {
        Value::Nil => spin::RedisResult::Nil,
        Value::Int(number) => spin::RedisResult::Int64(number),
        Value::Boolean(is_true) => spin::RedisResult::Int64(is_true.into()),
        Value::BulkString(bytes) => spin::RedisResult::Binary(bytes),
        Value::Double(number) => spin::RedisResult::Binary(number.to_string().into_bytes()),
        Value::SimpleString(text) => spin::RedisResult::Status(text),
        Value::Okay => spin::RedisResult::Status("OK".to_owned()),
        Value::Array(answers) | Value::Set(answers) => {
            return answers
                .into_iter()
                .try_for_each(|answer| flatten(answer, results));
        }
        _ => return Err(spin::Error::TypeError),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::template::Template;
    use crate::variables::Variables;

    fn is_allowed(address: &str) -> bool {
        let entries = ["redis://127.0.0.1:6379", "rediss://*.example.com:*"]
            .map(|entry| Template::parse(entry).unwrap());
        let variables = Variables::load(&BTreeMap::new(), &[], |_| None);
        allows(&AllowList::resolve(&entries, &variables).unwrap(), address)
    }

    #[test]
    fn credentials_and_a_database_do_not_count() {
        for address in [
            "redis://127.0.0.1",
            "redis://127.0.0.1:6379/3",
            "redis://user:secret@127.0.0.1:6379/0",
            "rediss://:secret@db.example.com:6380",
        ] {
            assert!(is_allowed(address), "{address}");
        }
    }

    #[test]
    fn other_hosts_ports_and_schemes_are_denied() {
        for address in [
            "redis://127.0.0.1:6380",
            "redis://127.0.0.1:6379@evil.test",
            "rediss://127.0.0.1:6379",
            "redis://db.example.com",
            "http://127.0.0.1:6379",
            "unix:///tmp/redis.sock",
            "127.0.0.1:6379",
            "",
        ] {
            assert!(!is_allowed(address), "{address}");
        }
    }

    #[test]
    fn nested_answers_become_flat() {
        let answer = Value::Array(vec![
            Value::Int(1),
            Value::Array(vec![Value::Nil, Value::Okay]),
        ]);
        let mut results = Vec::new();
        flatten(answer, &mut results).unwrap();
        assert!(matches!(
            results.as_slice(),
            [
                spin::RedisResult::Int64(1),
                spin::RedisResult::Nil,
                spin::RedisResult::Status(ok)
            ] if ok == "OK"
        ));
    }
}
