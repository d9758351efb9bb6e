use super::*;
use crate::testing::{MemoryKeyValue, block_on};

/// A later Keyback, whose second format keeps the number of accounts under another key.
struct Second;

impl Migrations for Second {
    const NEWEST: u32 = 2;

    async fn step(store: &impl KeyValue, to: u32) -> Result<(), Unavailable> {
        assert_eq!(to, 2);
        if let Some(old) = store.get(&keys::probe()).await? {
            store.set_many(vec![(keys::agenda(), old)]).await?;
            store.delete_many(vec![keys::probe().into()]).await?;
        }
        Ok(())
    }
}

/// A newly started instance.
fn instance<M: Migrations>(store: &MemoryKeyValue) -> Checked<MemoryKeyValue> {
    Checked::new::<M>(store.clone(), Knowledge::default())
}

fn write(store: &impl KeyValue) -> Result<(), Unavailable> {
    block_on(store.set_many(vec![(keys::probe(), b"{}".to_vec())]))
}

fn read(store: &impl KeyValue) -> Result<Option<Vec<u8>>, Unavailable> {
    block_on(store.get(&keys::probe()))
}

fn format(store: &MemoryKeyValue) -> Option<Format> {
    block_on(find(store)).unwrap()
}

const fn settled(version: u32) -> Format {
    Format {
        version,
        migrating_from: None,
    }
}

#[test]
fn a_new_store_gets_its_version_with_the_first_write_and_not_by_reading() {
    let store = MemoryKeyValue::default();
    let instance = instance::<Formats>(&store);
    assert_eq!(read(&instance), Ok(None));
    assert_eq!(block_on(instance.increment(&keys::emails(), 0)), Ok(0));
    assert_eq!(format(&store), None);
    write(&instance).unwrap();
    assert_eq!(format(&store), Some(settled(1)));
}

#[test]
fn an_instance_reads_the_version_once() {
    let store = MemoryKeyValue::default();
    write(&instance::<Formats>(&store)).unwrap();
    let known = Knowledge::default();
    let mut operations = Vec::new();
    for _ in 0..3 {
        // Each request has a store of its own.
        let request = Checked::new::<Formats>(store.clone(), known.clone());
        let before = store.operations();
        read(&request).unwrap();
        write(&request).unwrap();
        operations.push(store.operations() - before);
    }
    assert_eq!(operations, [3, 2, 2]);
}

#[test]
fn a_newer_store_is_refused_and_nothing_in_it_is_changed() {
    let store = MemoryKeyValue::default();
    write(&instance::<Second>(&store)).unwrap();
    let before = store.dump();
    let older = instance::<Formats>(&store);
    let refusal = read(&older).unwrap_err();
    let words =
        "the store failed: it has format 2, written by a newer version; this version reads up to 1";
    assert_eq!(refusal.to_string(), words);
    assert_eq!(write(&older).unwrap_err(), refusal);
    let deleted = block_on(older.delete_many(vec![keys::probe().into()]));
    assert_eq!(deleted.unwrap_err(), refusal);
    let counted = block_on(older.increment(&keys::emails(), 1));
    assert_eq!(counted.unwrap_err(), refusal);
    assert_eq!(store.dump(), before);
}

#[test]
fn an_older_store_is_marked_by_the_first_write_and_migrated_by_the_courier_once() {
    let store = MemoryKeyValue::default();
    write(&instance::<Formats>(&store)).unwrap();
    let newer = instance::<Second>(&store);
    block_on(migrate::<Second>(&newer)).unwrap();
    assert_eq!(
        format(&store),
        Some(settled(1)),
        "nothing of the second format is there"
    );
    block_on(newer.increment(&keys::emails(), 1)).unwrap();
    let under_way = Some(Format {
        version: 2,
        migrating_from: Some(1),
    });
    assert_eq!(format(&store), under_way);
    assert!(read(&instance::<Formats>(&store)).is_err(), "at once");
    block_on(migrate::<Second>(&newer)).unwrap();
    assert_eq!(format(&store), Some(settled(2)));
    assert_eq!(read(&newer), Ok(None));
    let before = store.dump();
    block_on(migrate::<Second>(&newer)).unwrap();
    assert_eq!(store.dump(), before);
}

#[test]
fn a_migration_that_fails_is_done_by_the_next_run() {
    let store = MemoryKeyValue::default();
    write(&store).unwrap();
    let newer = instance::<Second>(&store);
    block_on(newer.increment(&keys::emails(), 1)).unwrap();
    for successes in 0..3 {
        store.fail_after(Some(successes));
        assert!(block_on(migrate::<Second>(&newer)).is_err());
        store.fail_after(None);
        assert_ne!(format(&store), Some(settled(2)));
    }
    block_on(migrate::<Second>(&newer)).unwrap();
    assert_eq!(format(&store), Some(settled(2)));
    assert_eq!(read(&newer), Ok(None));
}
