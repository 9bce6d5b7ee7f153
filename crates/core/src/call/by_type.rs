//! Values kept by their type, one of each.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Values of different types, found again by asking for the type.
#[derive(Default)]
pub(crate) struct ByType(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl ByType {
    /// Keeps a value in the place of the one before of its type.
    pub(crate) fn set<T: Send + Sync + 'static>(&self, value: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// The value of a type.
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&TypeId::of::<T>()).map(|value| of_type(Arc::clone(value)))
    }

    /// The value of a type, made when there is none.
    pub(crate) fn get_or_make<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = kept.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make())).clone();
        drop(kept);
        of_type(value)
    }
}

fn of_type<T: Send + Sync + 'static>(value: Arc<dyn Any + Send + Sync>) -> Arc<T> {
    value.downcast().unwrap_or_else(|_| unreachable!("a value is kept under its own type"))
}
