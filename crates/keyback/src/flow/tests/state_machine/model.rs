//! The documented rules, over plain numbers.

const CODE_LIFE: u64 = 600;
const LINK_LIFE: u64 = 1_200;
const TOKEN_LIFE: u64 = 600;
/// How long expired records are still known.
const AFTERLIFE: u64 = 600;
const COOLDOWN: u64 = 60;
const DAY: u64 = 86_400;
/// Between emails beyond the limits of an hour and of a day.
const PAUSES: [u64; 4] = [60, 300, 900, 3_600];
/// So long after a request a courier may take it.
const OWN_TIME: u64 = 60;
/// The initial time of `SettableClock`.
const BEGINNING: u64 = 1_795_424_400;

/// The result of a code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Right,
    Refused,
}

/// The state of the whole app.
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) key: u8,
    pub(super) accounts: Vec<Account>,
    mails: Vec<Challenge>,
    /// For each request its account, once it was processed.
    requests: Vec<Option<Tie>>,
    waiting: Vec<Waiting>,
    /// The accounts that emails were issued to since the last report.
    issued: Vec<usize>,
    tokens: Vec<Token>,
}

/// One account.
#[derive(Default)]
pub(super) struct Account {
    pub(super) password: usize,
    epoch: u32,
    issued_at: Vec<u64>,
    /// The email of the one challenge that may be live.
    current: Option<usize>,
    /// The latest email, valid or not.
    latest: Option<usize>,
    /// Guesses at the challenges issued on a day.
    guesses: std::collections::BTreeMap<u64, u32>,
}

struct Challenge {
    whom: usize,
    epoch: u32,
    key: u8,
    issued_at: u64,
    guesses_before: u32,
    used: bool,
}

/// The account of a request, until it ends.
struct Tie {
    whom: usize,
    until: u64,
}

struct Token {
    mail: usize,
    key: u8,
    given_at: u64,
    used: bool,
}

struct Waiting {
    whom: usize,
    request: usize,
    asked_at: u64,
    key: u8,
}

impl Model {
    pub(super) fn new(accounts: usize) -> Self {
        Self {
            now: BEGINNING,
            key: 0,
            accounts: (0..accounts).map(|_| Account::default()).collect(),
            mails: Vec::new(),
            requests: Vec::new(),
            waiting: Vec::new(),
            issued: Vec::new(),
            tokens: Vec::new(),
        }
    }

    /// The account of a request.
    pub(super) fn owner_of(&self, request: usize) -> Option<usize> {
        let tie = self.requests[request].as_ref();
        tie.filter(|tie| self.now < tie.until).map(|tie| tie.whom)
    }

    /// The email whose code an account would take, if it takes any.
    pub(super) fn mail_of(&self, whom: usize) -> Option<usize> {
        self.accounts.get(whom)?.latest
    }

    pub(super) fn ask(&mut self, whom: usize, lost: bool) {
        let request = self.requests.len();
        self.requests.push(None);
        if lost {
            self.waiting.push(Waiting {
                whom,
                request,
                asked_at: self.now,
                key: self.key,
            });
        } else {
            self.work(whom, request);
        }
    }

    /// Processes the lost requests that are due. Returns the accounts that emails were issued to since the last time.
    pub(super) fn work_what_is_due(&mut self) -> Vec<usize> {
        let now = self.now;
        let is_due = |waiting: &Waiting| waiting.asked_at + OWN_TIME <= now;
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(is_due);
        self.waiting = waiting;
        for waiting in due {
            let expected_still = now < waiting.asked_at + DAY * 3 / 2;
            if expected_still && self.knows(waiting.key) {
                self.work(waiting.whom, waiting.request);
            }
        }
        std::mem::take(&mut self.issued)
    }

    /// Ties the request to its account, and issues a challenge if the rules allow it.
    fn work(&mut self, whom: usize, request: usize) {
        let now = self.now;
        let Some(account) = self.accounts.get(whom) else {
            return;
        };
        let within = |window: u64| {
            let recent = |issued_at: &&u64| **issued_at + window > now;
            account.issued_at.iter().filter(recent).count()
        };
        // Once the last email is used, or after a credential event, another one may follow at once.
        let is_of_use = account
            .current
            .is_none_or(|mail| self.mails[mail].epoch == account.epoch && !self.mails[mail].used);
        let cooling = is_of_use && within(COOLDOWN) > 0;
        // Each request comes from a network of its own, so the limits of all networks apply: twice as many.
        let beyond = |count: usize, limit: usize| (count + 1).saturating_sub(limit);
        let excess = beyond(within(3_600), 10).max(beyond(within(DAY), 20));
        let pause = excess.checked_sub(1).map_or(0, |it| PAUSES[it.min(3)]);
        if !cooling && within(pause) == 0 {
            self.issue(whom);
        }
        let until = now + LINK_LIFE + AFTERLIFE;
        self.requests[request] = Some(Tie { whom, until });
    }

    fn issue(&mut self, whom: usize) {
        let account = &mut self.accounts[whom];
        let mail = self.mails.len();
        self.mails.push(Challenge {
            whom,
            epoch: account.epoch,
            key: self.key,
            issued_at: self.now,
            guesses_before: account.guesses.get(&(self.now / DAY)).copied().unwrap_or(0),
            used: false,
        });
        account.issued_at.push(self.now);
        account.current = Some(mail);
        account.latest = Some(mail);
        self.issued.push(whom);
    }

    fn knows(&self, key: u8) -> bool {
        self.key - key <= 1
    }

    /// Tries a code, that of the email `of`, for an account or for none.
    pub(super) fn verify(&mut self, whom: Option<usize>, of: Option<usize>) -> Outcome {
        let Some(mail) = whom.and_then(|whom| self.mail_of(whom)) else {
            return Outcome::Refused;
        };
        let known = self.knows(self.mails[mail].key);
        let challenge = &mut self.mails[mail];
        let account = &mut self.accounts[challenge.whom];
        // A guess that cannot be right any more does not count.
        if challenge.epoch != account.epoch || self.now >= challenge.issued_at + CODE_LIFE {
            return Outcome::Refused;
        }
        let guesses = account
            .guesses
            .entry(challenge.issued_at / DAY)
            .or_default();
        // Nor does one at a code whose own guesses are used up.
        if *guesses - challenge.guesses_before >= 5 {
            return Outcome::Refused;
        }
        *guesses += 1;
        let right = of == Some(mail)
            && account.current == Some(mail)
            && known
            && *guesses <= 15
            && !challenge.used;
        if !right {
            return Outcome::Refused;
        }
        *guesses -= 1;
        challenge.used = true;
        self.tokens.push(Token {
            mail,
            key: self.key,
            given_at: self.now,
            used: false,
        });
        Outcome::Right
    }

    /// The account whose password the link of `mail` sets, if any.
    pub(super) fn reset_by_link(&mut self, mail: usize) -> Option<usize> {
        let challenge = &self.mails[mail];
        let good = self.is_current(mail)
            && self.knows(challenge.key)
            && !challenge.used
            && self.now < challenge.issued_at + LINK_LIFE;
        good.then(|| {
            self.mails[mail].used = true;
            self.begin_epoch(self.mails[mail].whom)
        })
    }

    /// The account whose password a token sets, if any.
    pub(super) fn reset_by_token(&mut self, token: usize) -> Option<usize> {
        let Token {
            mail,
            key,
            given_at,
            used,
        } = self.tokens[token];
        let good =
            self.is_current(mail) && self.knows(key) && !used && self.now < given_at + TOKEN_LIFE;
        good.then(|| {
            self.tokens[token].used = true;
            self.begin_epoch(self.mails[mail].whom)
        })
    }

    fn is_current(&self, mail: usize) -> bool {
        let challenge = &self.mails[mail];
        let account = &self.accounts[challenge.whom];
        account.current == Some(mail) && challenge.epoch == account.epoch
    }

    fn begin_epoch(&mut self, whom: usize) -> usize {
        self.accounts[whom].epoch += 1;
        whom
    }

    /// Whether "this was not me" is accepted: for the latest challenge, and again after it is cancelled.
    pub(super) fn cancel(&mut self, mail: usize) -> bool {
        let challenge = &self.mails[mail];
        let in_time = self.now < challenge.issued_at + LINK_LIFE.max(CODE_LIFE + TOKEN_LIFE);
        let known = self.knows(challenge.key);
        let account = &mut self.accounts[challenge.whom];
        let good = in_time
            && known
            && challenge.epoch == account.epoch
            && account.latest.is_none_or(|latest| latest == mail);
        if good {
            account.current = None;
        }
        good
    }
}
