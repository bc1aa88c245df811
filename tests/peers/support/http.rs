//! A client that posts forms over connections it keeps, and measures each answer: as little of HTTP as that
//! takes, so that the server is what is measured.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::JoinSet,
};

/// What a load led to.
pub struct Answered {
    pub wall: Duration,
    /// Milliseconds of each answer.
    pub each: Vec<f64>,
}

/// Posts `body` to each of the paths once, over so many connections; all answers must be 200. Blocks, on a
/// thread of its own.
pub fn post_all(
    server: SocketAddr,
    paths: Vec<String>,
    body: &'static str,
    connections: usize,
) -> anyhow::Result<Answered> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let mut shares: Vec<Vec<String>> = vec![Vec::new(); connections];
        for (number, path) in paths.into_iter().enumerate() {
            shares.get_mut(number % connections).context("no connections")?.push(path);
        }
        let began = Instant::now();
        let mut senders = JoinSet::new();
        for share in shares {
            senders.spawn(post_share(server, share, body));
        }
        let mut each = Vec::new();
        while let Some(sender) = senders.join_next().await {
            each.extend(sender??);
        }
        Ok(Answered { wall: began.elapsed(), each })
    })
}

async fn post_share(server: SocketAddr, paths: Vec<String>, body: &str) -> anyhow::Result<Vec<f64>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let mut heard = Vec::with_capacity(64 * 1024);
    let mut each = Vec::with_capacity(paths.len());
    for path in paths {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        read_answer(&mut stream, &mut heard).await?;
        each.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(each)
}

/// One answer with a Content-Length, to its end.
async fn read_answer(stream: &mut TcpStream, heard: &mut Vec<u8>) -> anyhow::Result<()> {
    heard.clear();
    loop {
        anyhow::ensure!(stream.read_buf(heard).await? > 0, "the server hung up");
        let Some(head_ends) = heard.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(heard.get(..head_ends).unwrap_or_default()).to_ascii_lowercase();
        anyhow::ensure!(head.starts_with("http/1.1 200"), "{}", String::from_utf8_lossy(heard));
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.context("no content-length")?.trim().parse()?;
        let whole = head_ends + 4 + length;
        while heard.len() < whole {
            anyhow::ensure!(stream.read_buf(heard).await? > 0, "the server hung up");
        }
        return Ok(());
    }
}
