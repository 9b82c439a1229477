//! The connections to the server: so many at most, each for one operation at a time.
//!
//! Not the driver's own pool. That one takes back a connection whose operation was dropped half-way, asks it
//! whether it still answers, and waits for the answer without end; and one that the server refuses it tries
//! again for, while others lie idle. Here a connection comes back only when its operation has come to an
//! end; else it is closed, and the server undoes what it had begun.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use sqlx::mysql::{MySqlConnectOptions, MySqlQueryResult, MySqlRow, MySqlStatement, MySqlTypeInfo};
use sqlx::{
    ConnectOptions as _, Connection as _, Describe, Either, Execute, Executor, MySql,
    MySqlConnection, SqlStr,
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout};

use super::error::{is_crowded, is_refused};

/// How long a connection may lie idle; well below the time after which the server ends it.
pub(super) const MAX_IDLE: Duration = Duration::from_secs(30);

/// How long a connection may lie idle without a proof that it still is one. What breaks in so short a time
/// is what may break in the middle of an operation too, and is met in the same way; the proof is a way to
/// the server and back before every operation.
const FRESH: Duration = Duration::from_secs(1);

/// How soon a server that allowed no more connections is asked for one again.
const CROWDED_PAUSE: Duration = Duration::from_secs(1);

/// Rows that a stream reads ahead of who takes them.
const ROWS_AHEAD: usize = 32;

/// How they are made.
pub(super) struct Settings {
    pub(super) options: MySqlConnectOptions,
    /// The statement that begins a session.
    pub(super) session: String,
    /// Connections at most.
    pub(super) max_connections: usize,
    /// Longest time of an attempt to connect, and of an idle connection's proof that it still is one.
    pub(super) connect: Duration,
    /// How long one is waited for that another operation has.
    pub(super) patience: Duration,
}

/// The connections to a server. Cheap to clone: the clones share them.
#[derive(Clone)]
pub(in crate::store) struct Connections {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    returned: Notify,
    is_crowded: AtomicBool,
}

struct Idle {
    connection: MySqlConnection,
    since: Instant,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

impl Connections {
    /// None yet: each is made when it is asked for.
    pub(super) fn new(settings: Settings) -> Self {
        let turns = Arc::new(Semaphore::new(settings.max_connections));
        let (idle, returned) = (Mutex::default(), Notify::new());
        let is_crowded = AtomicBool::new(false);
        Self { shared: Arc::new(Shared { settings, turns, idle, returned, is_crowded }) }
    }

    /// One for an operation.
    pub(super) async fn take(&self) -> Result<Taken, sqlx::Error> {
        Shared::take(self.shared.clone()).await
    }

    /// One with a transaction begun.
    pub(in crate::store) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let mut taken = self.take().await?;
        taken.execute("BEGIN").await?;
        Ok(Transaction { taken })
    }
}

impl Shared {
    async fn take(self: Arc<Self>) -> Result<Taken, sqlx::Error> {
        let patience = self.settings.patience;
        let turn = timeout(patience, self.turns.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
        let connection = self.idle_or_new(Instant::now() + patience).await?;
        Ok(Taken { connection, shared: self, _turn: turn })
    }

    /// An idle connection that still is one, else a new one. Where the server allows no more of them, the
    /// next that comes back.
    async fn idle_or_new(&self, end: Instant) -> Result<MySqlConnection, sqlx::Error> {
        loop {
            while let Some(idle) = self.pop() {
                if let Some(connection) = self.alive(idle).await {
                    return Ok(connection);
                }
            }
            match self.connect().await {
                Err(error) if is_crowded(&error) && Instant::now() < end => self.note_crowd(&error),
                result => return result,
            }
            let _ = timeout(CROWDED_PAUSE, self.returned.notified()).await;
        }
    }

    /// Once, since it may go on for as long as the program does.
    fn note_crowd(&self, error: &sqlx::Error) {
        if !self.is_crowded.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                error_kind = "store_crowded",
                "going on with fewer connections, since the server allows no more \
                 (DATABASE_MAX_CONNECTIONS is {}): {error}",
                self.settings.max_connections
            );
        }
    }

    fn pop(&self) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn alive(&self, Idle { mut connection, since }: Idle) -> Option<MySqlConnection> {
        let idle = since.elapsed();
        if idle > MAX_IDLE {
            return None;
        }
        if idle > FRESH {
            timeout(self.settings.connect, connection.ping()).await.ok()?.ok()?;
        }
        Some(connection)
    }

    async fn connect(&self) -> Result<MySqlConnection, sqlx::Error> {
        let Settings { options, session, connect, .. } = &self.settings;
        let connecting = async {
            let mut connection = options.connect().await?;
            // Of our own words and numbers.
            connection.execute(sqlx::AssertSqlSafe(session.clone())).await?;
            Ok(connection)
        };
        let connected = timeout(*connect, connecting).await;
        connected.unwrap_or_else(|_| {
            let words = format!("no connection within {} s", connect.as_secs_f32());
            Err(std::io::Error::new(std::io::ErrorKind::TimedOut, words).into())
        })
    }

    fn put_back(&self, connection: MySqlConnection) {
        let idle = Idle { connection, since: Instant::now() };
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        self.returned.notify_one();
    }
}

/// A connection that an operation has. Dropped, it is closed.
pub(super) struct Taken {
    connection: MySqlConnection,
    shared: Arc<Shared>,
    _turn: OwnedSemaphorePermit,
}

impl Taken {
    /// Its operation has ended: the next may have it.
    pub(super) fn put_back(self) {
        self.shared.put_back(self.connection);
    }

    /// Its statement has ended so. What the server has refused has left the connection as it was, unless
    /// another server is needed.
    fn put_back_after(self, error: Option<&sqlx::Error>) {
        if error.is_none_or(is_refused) {
            self.put_back();
        }
    }
}

impl Deref for Taken {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.connection
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.connection
    }
}

/// A transaction. Dropped, it is undone: its connection is closed.
pub(in crate::store) struct Transaction {
    taken: Taken,
}

impl Transaction {
    pub(in crate::store) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.taken.execute("COMMIT").await?;
        self.taken.put_back();
        Ok(())
    }

    /// Ends it without a change, where there is nothing to write; what was read stands.
    pub(in crate::store) async fn roll_back(mut self) {
        if self.taken.execute("ROLLBACK").await.is_ok() {
            self.taken.put_back();
        }
    }
}

impl Deref for Transaction {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.taken
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.taken
    }
}

type Step = Result<Either<MySqlQueryResult, MySqlRow>, sqlx::Error>;

/// A single statement, on a connection of its own.
impl<'p> Executor<'p> for &'_ Connections {
    type Database = MySql;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Step>
    where
        'p: 'e,
        E: 'q + Execute<'q, MySql>,
    {
        let (sender, mut receiver) = mpsc::channel(ROWS_AHEAD);
        let reading = read(self.shared.clone(), query, sender);
        let steps = stream::poll_fn(move |context| receiver.poll_recv(context));
        // The stream reads on while its rows are taken; dropped, it stops, and its connection is closed.
        let reading = stream::once(reading).filter_map(|()| std::future::ready(None));
        stream::select(steps, reading).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<MySqlRow>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, MySql>,
    {
        let shared = self.shared.clone();
        Box::pin(async move {
            let mut taken = shared.take().await?;
            let result = taken.fetch_optional(query).await;
            taken.put_back_after(result.as_ref().err());
            result
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [MySqlTypeInfo],
    ) -> BoxFuture<'e, Result<MySqlStatement, sqlx::Error>>
    where
        'p: 'e,
    {
        let shared = self.shared.clone();
        Box::pin(async move { shared.take().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<MySql>, sqlx::Error>>
    where
        'p: 'e,
    {
        let shared = self.shared.clone();
        Box::pin(async move { shared.take().await?.describe(sql).await })
    }
}

/// Reads until the end, or until nobody takes the rows.
async fn read<'q>(
    shared: Arc<Shared>,
    query: impl Execute<'q, MySql> + 'q,
    sender: mpsc::Sender<Step>,
) {
    let mut taken = match shared.take().await {
        Ok(taken) => taken,
        Err(error) => return drop(sender.send(Err(error)).await),
    };
    let mut steps = taken.fetch_many(query);
    let error = loop {
        match steps.next().await {
            Some(Ok(step)) => {
                if sender.send(Ok(step)).await.is_err() {
                    return;
                }
            }
            Some(Err(error)) => break Some(error),
            None => break None,
        }
    };
    drop(steps);
    taken.put_back_after(error.as_ref());
    if let Some(error) = error {
        let _ = sender.send(Err(error)).await;
    }
}
