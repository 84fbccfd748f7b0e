//! Waits for the browser's answer while the person at the terminal is shown and asked things: the listener is served at every
//! moment, and whichever comes first ends the other.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::time::Duration;

use crate::auth::Browser;
use crate::clock::real_pause;
use crate::problem::Problem;
use crate::session::sign_in::Step;
use crate::session::wait::Wait;

/// When the user is told what to do if the browser shows an error.
const SILENCE: Duration = Duration::from_secs(20);

/// A question that belongs to a step. A problem ends the sign-in, such as an interruption; ended before it is answered, it leaves
/// no trace.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<(), Problem>> + 'a>>;

/// Shows a step, and may hand back what has to be asked for it. Only the browser's steps ask anything.
pub type OnStep<'a> = dyn Fn(Step<'_>) -> Option<Asking<'a>> + 'a;

/// The wait for one answer of the browser.
pub(super) struct Meanwhile<'s, 'a> {
    browser: &'s Browser,
    wait: Wait,
    on_step: &'s OnStep<'a>,
    silence: Duration,
}

impl<'s, 'a> Meanwhile<'s, 'a> {
    pub(super) fn new(browser: &'s Browser, wait: Wait, on_step: &'s OnStep<'a>) -> Self {
        Self { browser, wait, on_step, silence: SILENCE }
    }

    /// Shows the address, lets it be opened, and waits for `answer`. `is_late` is what is said when the time is over.
    pub(super) async fn answer<T>(
        &self,
        (registered, url): (&str, &str),
        answer: impl Future<Output = Result<T, Problem>>,
        is_late: impl Fn() -> Problem,
    ) -> Result<T, Problem> {
        let mut answer = pin!(answer);
        if let Some(asking) = (self.on_step)(Step::ReadyToOpen { registered, url }) {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                asked = asking => asked?,
                () = self.command_over() => return Err(is_late()),
            }
        }
        let asking = match self.browser.open(url) {
            Ok(()) => None,
            Err(error) => (self.on_step)(Step::BrowserNotOpened(&error.into())),
        };
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            over = ask(asking) => match over {
                Ok(never) => match never {},
                Err(problem) => Err(problem),
            },
            () = real_pause(self.wait.left()) => Err(is_late()),
            never = self.remark() => match never {},
        }
    }

    /// Until the time of the whole command is over, if it has an end.
    async fn command_over(&self) {
        match self.wait.left_of_typed() {
            Some(left) => real_pause(left).await,
            None => std::future::pending().await,
        }
    }

    async fn remark(&self) -> Infallible {
        real_pause(self.silence).await;
        drop((self.on_step)(Step::StillWaiting));
        std::future::pending().await
    }
}

/// Only a problem comes of a question: the answer of the browser is waited for whatever was said.
async fn ask(asking: Option<Asking<'_>>) -> Result<Infallible, Problem> {
    if let Some(asking) = asking {
        asking.await?;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::session::SessionError;

    /// What is asked, and notes when it is given up.
    struct Question<'a>(&'a Cell<bool>);

    impl Drop for Question<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }

    impl Future for Question<'_> {
        type Output = Result<(), Problem>;

        fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
            std::task::Poll::Pending
        }
    }

    fn late() -> Problem {
        SessionError::TokenRejected.into()
    }

    #[tokio::test]
    async fn the_answer_ends_the_question_and_the_time_of_the_command_ends_both() {
        let is_gone = Cell::new(false);
        let on_step = |step: Step<'_>| {
            let is_asked = matches!(step, Step::ReadyToOpen { .. });
            is_asked.then(|| Box::pin(Question(&is_gone)) as Asking<'_>)
        };
        let waiting = Meanwhile::new(&Browser::Nobody, Wait::beginning_now(None), &on_step);
        let answered = waiting.answer(("", "https://x/"), async { Ok(7) }, late).await;
        assert_eq!((answered.ok(), is_gone.get()), (Some(7), true));
        is_gone.set(false);
        let short = Wait::beginning_now(Some(Duration::from_millis(40)));
        let waiting = Meanwhile::new(&Browser::Nobody, short, &on_step);
        let never = std::future::pending::<Result<u8, Problem>>();
        let over = waiting.answer(("", "https://x/"), never, late).await;
        assert!(over.is_err() && is_gone.get());
    }

    #[tokio::test]
    async fn silence_is_spoken_into_once_and_then_time_is_over() {
        let spoken = RefCell::new(0);
        let on_step = |step: Step<'_>| {
            if matches!(step, Step::StillWaiting) {
                *spoken.borrow_mut() += 1;
            }
            None
        };
        let wait = Wait::beginning_now(Some(Duration::from_millis(100)));
        let waiting =
            Meanwhile { silence: Duration::from_millis(10), ..Meanwhile::new(&Browser::Nobody, wait, &on_step) };
        let never = std::future::pending::<Result<u8, Problem>>();
        assert!(waiting.answer(("", "https://x/"), never, late).await.is_err());
        assert_eq!(*spoken.borrow(), 1);
    }
}
