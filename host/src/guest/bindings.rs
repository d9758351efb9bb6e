//! The host's side of the interfaces in `wit/`, generated.

wasmtime::component::bindgen!({
    path: "wit",
    world: "host",
    imports: { default: trappable },
    trappable_error_type: {
        "spin:key-value/key-value.error" => spin::key_value::key_value::Error,
        "spin:redis/redis.error" => spin::redis::redis::Error,
        "spin:variables/variables.error" => spin::variables::variables::Error,
        "wasi:keyvalue/store.error" => wasi::keyvalue::store::Error,
    },
    with: {
        "spin:key-value/key-value.store": crate::store::Store,
        "spin:redis/redis.connection": crate::guest::redis::Connection,
        "wasi:keyvalue/store.bucket": crate::store::Store,
    },
});
