//! Work that goes on although nobody waits for it any more: a browser that hangs up, or our own time limit, must not
//! leave a turn half taken.
//!
//! It is done where it is waited for, which spares a task of its own and the way there and back. Whoever stops waiting
//! leaves what remains to a task.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::Handle;

/// Such work. Awaiting it again after its end gives [`Crashed`].
pub(crate) struct CarriedThrough<T: Send + 'static> {
    rest: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

/// The work panicked; what panicked has been said on stderr.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Crashed;

impl fmt::Display for Crashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an internal error; this is a bug")
    }
}

impl<T: Send + 'static> CarriedThrough<T> {
    /// Begins when it is first awaited.
    pub(crate) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self { rest: Some(Box::pin(work)) }
    }
}

impl<T: Send + 'static> Future for CarriedThrough<T> {
    type Output = Result<T, Crashed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(Err(Crashed)) };
        // What panicked is not asked again, so that nobody sees what it left half done.
        let polled = catch_unwind(AssertUnwindSafe(|| rest.as_mut().poll(context)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(done)) => Ok(done),
            Err(_) => Err(Crashed),
        };
        self.rest = None;
        Poll::Ready(ended)
    }
}

impl<T: Send + 'static> Drop for CarriedThrough<T> {
    fn drop(&mut self) {
        // Without a runtime the program is at its end, and every task with it.
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), Handle::try_current()) {
            runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_waited_for_is_answered() {
        assert_eq!(CarriedThrough::new(async { 7 }).await, Ok(7));
        let (go, wait) = oneshot::channel::<u8>();
        let work = tokio::spawn(CarriedThrough::new(wait));
        go.send(8).unwrap();
        assert_eq!(work.await.unwrap(), Ok(Ok(8)));
    }

    #[tokio::test]
    async fn it_goes_on_without_whoever_began_it() {
        let (go, wait) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let mut work = Box::pin(CarriedThrough::new(async move {
            wait.await.unwrap();
            done.send(()).unwrap();
        }));
        let begun = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        assert_eq!(begun, Poll::Pending);
        drop(work);
        go.send(()).unwrap();
        is_done.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let work: CarriedThrough<()> = CarriedThrough::new(async { panic!("on purpose") });
        assert_eq!(work.await, Err(Crashed));
    }
}
