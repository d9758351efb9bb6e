//! The application, compiled and linked: one handler per component.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::allow_list::AllowList;
use crate::faults::Faults;
use crate::guest::{Grants, GuestState, HostBindings, add_timers_to_linker};
use crate::instances::Instances;
use crate::limits::InstanceLimits;
use crate::manifest::{self, Manifest};
use crate::store::Stores;
use crate::variables::Variables;

/// After computing for this long, a component lets others run.
const TIME_SLICE: Duration = Duration::from_millis(10);

/// The components, ready to serve, by their id.
pub(crate) type Components = BTreeMap<String, Instances>;

/// What the components are made from.
pub(crate) struct Ingredients<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) variables: &'a Variables,
    pub(crate) stores: &'a Stores,
    pub(crate) quiet: bool,
    pub(crate) faults: Option<Arc<Faults>>,
    /// Where compiled components are cached; by default where wasmtime's own tools cache them.
    pub(crate) cache_folder: Option<&'a Path>,
    pub(crate) limits: InstanceLimits,
}

/// Compiles and links the components that a route names.
///
/// # Errors
/// When one cannot be read, is granted a store that does not exist, or is not a component of the right kind.
pub(crate) fn load(ingredients: &Ingredients) -> Result<Components> {
    let engine = engine(ingredients.cache_folder)?;
    let mut linker = Linker::<GuestState>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    add_timers_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    HostBindings::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)?;

    let routes = &ingredients.manifest.routes;
    let used = ingredients
        .manifest
        .components
        .iter()
        .filter(|(id, _)| routes.iter().any(|route| route.component == **id));
    used.map(|(id, component)| {
        let instances = load_component(&engine, &linker, id, component, ingredients)
            .with_context(|| format!("component `{id}`"))?;
        Ok((id.clone(), instances))
    })
    .collect()
}

fn engine(cache_folder: Option<&Path>) -> Result<Engine> {
    let mut config = Config::new();
    // A component that panics prints the place itself; without symbols, a backtrace shows nothing more.
    config
        .wasm_component_model_async(true)
        .epoch_interruption(true)
        .wasm_backtrace_max_frames(None);
    let mut cache = CacheConfig::new();
    if let Some(folder) = cache_folder {
        cache.with_directory(std::path::absolute(folder)?);
    }
    match Cache::new(cache) {
        Ok(cache) => drop(config.cache(Some(cache))),
        Err(error) => eprintln!("warning: compiled components cannot be cached: {error:#}"),
    }
    let engine = Engine::new(&config)?;
    let ticked = engine.weak();
    std::thread::Builder::new()
        .name("epochs".to_owned())
        .spawn(move || {
            while let Some(engine) = ticked.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TIME_SLICE);
            }
        })?;
    Ok(engine)
}

fn load_component(
    engine: &Engine,
    linker: &Linker<GuestState>,
    id: &str,
    component: &manifest::Component,
    ingredients: &Ingredients,
) -> Result<Instances> {
    let source = component.source.display();
    ensure!(
        component.source.is_file(),
        "{source} does not exist; run `keyback-host up --build` to build the components"
    );
    let grants = grants(id, component, ingredients)?;
    let compiled = Component::from_file(engine, &component.source)
        .map_err(|error| anyhow!("{source}: {error:#}"))?;
    let pre = linker.instantiate_pre(&compiled).map_err(|error| {
        anyhow!("{source} imports something that keyback-host does not provide (host/wit lists what it does provide): {error:#}")
    })?;
    let service = ServicePre::new(pre).map_err(|error| {
        anyhow!("{source} is not a WASI 0.3 HTTP component; build it with spin-sdk 7: {error:#}")
    })?;
    Ok(Instances::new(
        service,
        Arc::new(grants),
        ingredients.limits,
    ))
}

fn grants(id: &str, component: &manifest::Component, ingredients: &Ingredients) -> Result<Grants> {
    let mut stores = Stores::new();
    for label in &component.key_value_stores {
        let store = ingredients.stores.get(label).with_context(|| {
            format!("there is no store `{label}`; define it in a runtime configuration file")
        })?;
        stores.insert(label.clone(), store.clone());
    }
    let allow_list = AllowList::resolve(&component.allowed_outbound_hosts, ingredients.variables);
    let allow_list = allow_list.unwrap_or_else(|error| {
        if !component.allowed_outbound_hosts.is_empty() {
            eprintln!("warning: component `{id}` may not make outbound calls: {error:#}");
        }
        AllowList::default()
    });
    let variables = component.variables.iter();
    Ok(Grants {
        component: id.to_owned(),
        stores,
        variables: variables
            .map(|(name, value)| (name.clone(), ingredients.variables.render(value)))
            .collect(),
        environment: component.environment.clone().into_iter().collect(),
        allow_list,
        quiet: ingredients.quiet,
        faults: ingredients.faults.clone(),
    })
}
