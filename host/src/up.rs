//! `keyback-host up`: assembles the parts, serves, and shuts down gracefully.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::{self, Ingredients};
use crate::cli::Options;
use crate::faults::Faults;
use crate::mailbox::Mailbox;
use crate::manifest::Manifest;
use crate::router::Router;
use crate::trigger::Trigger;
use crate::variables::Variables;
use crate::{build_commands, print, runtime_config, server};

/// Runs an application until a signal ends it.
///
/// # Errors
/// When the application cannot be started.
pub(crate) fn run(options: &Options) -> Result<()> {
    let manifest = Manifest::load(&options.from)?;
    if options.build {
        build_commands::run(&manifest)?;
    }
    let runtime = runtime()?;
    let served = runtime.block_on(serve(options, &manifest));
    // The work that components do after their answers ends with the process, as on Spin; ending it instance by instance
    // would report each as failed.
    std::mem::forget(runtime);
    served
}

/// The runtime checks the network after every few tasks, since components may each compute for a whole time slice.
fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .event_interval(3)
        .build()?)
}

async fn serve(options: &Options, manifest: &Manifest) -> Result<()> {
    let trigger = Arc::new(load(options, manifest)?);

    // From here on a signal shuts the host down gracefully.
    let (stop, stopped) = watch::channel(());
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let listener = server::bind(options.listen).await?;
    let mut announcement = announce(&format!("http://{}", listener.local_addr()?), &trigger);
    let app = server::serve(listener, stopped.clone(), move |request, client| {
        Arc::clone(&trigger).handle(request, client)
    });
    let mut servers = vec![tokio::spawn(app)];
    if let Some(address) = options.mailbox {
        let listener = server::bind(address).await.context("the mailbox")?;
        announcement.push(format!("Mailbox http://{}\n", listener.local_addr()?));
        let mailbox = Arc::new(Mailbox::default());
        let mailbox = server::serve(listener, stopped, move |request, _| {
            Arc::clone(&mailbox).handle(request)
        });
        servers.push(tokio::spawn(mailbox));
    }
    print(&announcement.concat())?;

    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.send(())?;
    for server in servers {
        server.await?;
    }
    Ok(())
}

fn load(options: &Options, manifest: &Manifest) -> Result<Trigger> {
    let router = Router::build(&manifest.routes)?;
    let variables = load_variables(options, manifest);
    let default_folder = manifest.folder.join(".spin");
    let state_folder = options.state_dir.as_ref().unwrap_or(&default_folder);
    let stores = runtime_config::open_stores(
        options.runtime_config_file.as_deref(),
        // An empty name keeps the default store in memory.
        Some(state_folder.as_path()).filter(|folder| !folder.as_os_str().is_empty()),
    )?;
    let components = app::load(&Ingredients {
        manifest,
        variables: &variables,
        stores: &stores,
        quiet: options.quiet,
        faults: options
            .faults
            .clone()
            .map(Faults::load)
            .transpose()?
            .map(Arc::new),
        cache_folder: options.cache_dir.as_deref(),
        limits: options.limits,
    })?;
    Ok(Trigger::new(manifest, router, components))
}

fn load_variables(options: &Options, manifest: &Manifest) -> Variables {
    for (name, _) in &options.variables {
        if !manifest.variables.contains_key(name) {
            eprintln!("warning: the manifest does not declare the variable `{name}`");
        }
    }
    let variables = Variables::load(&manifest.variables, &options.variables, |name| {
        std::env::var(name).ok()
    });
    for name in variables.missing() {
        eprintln!(
            "warning: the required variable `{name}` has no value; set it with `--variable {name}=…`"
        );
    }
    variables
}

/// The lines that are printed once the application answers, in Spin's words.
fn announce(origin: &str, trigger: &Trigger) -> Vec<String> {
    let mut lines = vec![
        format!("Serving {origin}\n"),
        "Available Routes:\n".to_owned(),
    ];
    for (component, path, wildcard) in trigger.router().describe() {
        let below = if wildcard { " (wildcard)" } else { "" };
        lines.push(format!("  {component}: {origin}{path}{below}\n"));
    }
    lines
}
