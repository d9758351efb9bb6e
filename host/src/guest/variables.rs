//! `spin:variables`, as guests import it.

use wasmtime::Result as Trap;
use wasmtime::component::{Accessor, HasSelf};

use super::GuestState;
use super::bindings::spin::variables::variables::{Error, Host, HostWithStore};
use crate::variables::is_valid_name;

impl<T: 'static> HostWithStore<T> for HasSelf<GuestState> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, Error> {
        if !is_valid_name(&name) {
            return Err(Error::InvalidName(name));
        }
        accessor.with(|mut access| {
            let grants = &access.get().grants;
            match grants.variables.get(&name) {
                Some(Ok(value)) => Ok(value.clone()),
                // As on Spin: a granted variable without a value is the provider's error, not the component's.
                Some(Err(missing)) => Err(Error::Provider(missing.to_string())),
                None => Err(Error::Undefined(format!(
                    "component `{}` has no variable `{name}`",
                    grants.component
                ))),
            }
        })
    }
}

impl Host for GuestState {
    fn convert_error(&mut self, error: Error) -> Trap<Error> {
        Ok(error)
    }
}
