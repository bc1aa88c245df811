//! General job queues beside ours: their server started on a socket in a folder of its own, their worker in Node.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context;

use super::cpu_seconds;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// A job queue that many use.
#[derive(Clone, Copy)]
pub enum Queue {
    /// On PostgreSQL, as its package comes: every commit waits for the disk.
    PgBoss,
    /// On Redis in memory: nothing is durable.
    BullMq,
}

impl Queue {
    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::PgBoss => "pg-boss",
            Self::BullMq => "BullMQ",
        }
    }

    /// Its package.
    fn module(self) -> &'static str {
        match self {
            Self::PgBoss => "pg-boss",
            Self::BullMq => "bullmq",
        }
    }

    /// Microseconds of processor time of each of so many empty jobs, worker and server together; none: something
    /// that it needs is not there.
    ///
    /// # Errors
    /// When the server or Node fails.
    pub fn empty_job(self, count: usize) -> anyhow::Result<Option<f64>> {
        let Some(modules) = std::env::var_os("NODE_MODULES") else { return Ok(None) };
        if !Path::new(&modules).join(self.module()).is_dir() {
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        let server = match self {
            Self::PgBoss => postgres(folder.path())?,
            Self::BullMq => redis(folder.path())?,
        };
        let Some(server) = server else { return Ok(None) };
        let mut worker = Worker::start(self, count, folder.path(), &modules)?;
        let node = worker.node.id().to_string();
        let spent = || anyhow::Ok(server.cpu_seconds()? + cpu_seconds(&node)?);
        let before = spent()?;
        worker.go_on("done")?;
        Ok(Some((spent()? - before) * 1e6 / count as f64))
    }
}

/// A server, ended with the value.
struct Server(Child);

impl Server {
    /// Processor seconds of it and of the processes it has started.
    fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let server = self.0.id();
        // Fields 16 and 17 of proc(5)'s `stat`: of children that have ended.
        let mut seconds = cpu_seconds(&server.to_string())? + ticks(&server.to_string(), 13, 2)? / 100.0;
        for process in fs::read_dir("/proc")? {
            let name = process?.file_name().to_string_lossy().into_owned();
            // One that has ended meanwhile has no parent any more.
            let parent = name.parse::<u32>().ok().and_then(|_| ticks(&name, 1, 1).ok());
            if parent == Some(f64::from(server)) {
                seconds += cpu_seconds(&name).unwrap_or_default();
            }
        }
        Ok(seconds)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT: PostgreSQL ends its children and leaves at once, and so does Redis.
        let told = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        if told.is_ok() {
            drop(self.0.wait());
        }
    }
}

/// The sum of `count` numbers of a process's `stat`, from the one at `first` behind its name on.
fn ticks(process: &str, first: usize, count: usize) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, after_name) = stat.rsplit_once(')').context("a line of /proc/*/stat")?;
    let numbers = after_name.split_whitespace().skip(first).take(count);
    Ok(numbers.filter_map(|number| number.parse::<f64>().ok()).sum())
}

fn redis(folder: &Path) -> anyhow::Result<Option<Server>> {
    let socket = folder.join("redis.sock");
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(&socket);
    start(command)?.map(|server| listening(server, &socket)).transpose()
}

/// PostgreSQL refuses to run as root; then it runs as the user that its package has made for it.
fn postgres(folder: &Path) -> anyhow::Result<Option<Server>> {
    let Some(programs) = newest_postgres()? else { return Ok(None) };
    let as_root = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)?;
    let user = if as_root { id("-u")?.zip(id("-g")?) } else { None };
    if let Some((uid, gid)) = user {
        chown(folder, Some(uid), Some(gid))?;
    }
    let command = |program: &str| {
        let mut command = Command::new(programs.join(program));
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").arg("-D").arg(folder.join("data"));
        command
    };
    let made = command("initdb").args(["-A", "trust", "-U", "postgres"]).stdout(Stdio::null()).status()?;
    anyhow::ensure!(made.success(), "initdb: {made}");
    let mut serving = command("postgres");
    serving.args(["-c", "listen_addresses=", "-k"]).arg(folder);
    let socket = folder.join(".s.PGSQL.5432");
    start(serving)?.map(|server| listening(server, &socket)).transpose()
}

/// Where Debian puts its programs.
fn newest_postgres() -> anyhow::Result<Option<PathBuf>> {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else { return Ok(None) };
    let mut found = Vec::new();
    for version in versions {
        let version = version?;
        let number = version.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        found.extend(number.map(|number| (number, version.path().join("bin"))));
    }
    Ok(found.into_iter().max().map(|(_, programs)| programs))
}

fn id(what: &str) -> anyhow::Result<Option<u32>> {
    let output = Command::new("id").args([what, "postgres"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse().ok())
}

/// None: there is no such program.
fn start(mut command: Command) -> anyhow::Result<Option<Server>> {
    match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => Ok(Some(Server(child))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn listening(server: Server, socket: &Path) -> anyhow::Result<Server> {
    let began = Instant::now();
    while std::os::unix::net::UnixStream::connect(socket).is_err() {
        anyhow::ensure!(began.elapsed() < PATIENCE, "nothing listens at {}", socket.display());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(server)
}

/// Node with the queue's worker, stopped before its first job.
struct Worker {
    node: Child,
    says: BufReader<ChildStdout>,
}

impl Worker {
    fn start(queue: Queue, count: usize, folder: &Path, modules: &OsString) -> anyhow::Result<Self> {
        let mut command = Command::new("node");
        command.env("NODE_PATH", modules).args(["-e", include_str!("queues.js"), "--", queue.module()]);
        command.arg(count.to_string()).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut node = command.spawn().context("node")?;
        let says = BufReader::new(node.stdout.take().context("what node says")?);
        let mut worker = Self { node, says };
        worker.hear("ready")?;
        Ok(worker)
    }

    fn go_on(&mut self, until: &str) -> anyhow::Result<()> {
        self.node.stdin.as_mut().context("node's input")?.write_all(b"\n")?;
        self.hear(until)
    }

    fn hear(&mut self, word: &str) -> anyhow::Result<()> {
        let mut said = String::new();
        self.says.read_line(&mut said)?;
        anyhow::ensure!(said.trim() == word, "the worker said {:?}, not {word}", said.trim());
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.node.kill());
        drop(self.node.wait());
    }
}
