//! A mail server that takes everything and keeps only a count: a thread a connection, no parsing beyond what
//! tells a command from a message. For SMTP as it should be see `afterrun_tests::smtp_server`.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A sink on a free port of the loopback interface.
pub struct Sink {
    pub port: u16,
    taken: Arc<AtomicUsize>,
}

impl Sink {
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let counted = counted.clone();
                std::thread::spawn(move || {
                    // A client that hangs up in the middle is the bench's affair: it counts what was taken.
                    let _ = converse(stream, &counted);
                });
            }
        });
        Ok(Self { port, taken })
    }

    /// Messages taken since `taken` was last asked.
    pub fn so_far(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// Messages taken since the last time this was asked.
    pub fn taken(&self) -> usize {
        self.taken.swap(0, Ordering::SeqCst)
    }
}

/// What ends a message. Within one it cannot stand: a dot at the start of a line is doubled.
const END: &[u8] = b"\r\n.\r\n";

/// The clients of the benches wait for every answer but those to commands they send together, and DATA is the last of
/// such; so whatever ends a block ends a command or a message.
fn converse(mut stream: TcpStream, taken: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink ESMTP\r\n")?;
    let mut heard: Vec<u8> = Vec::with_capacity(64 * 1024);
    let mut answers: Vec<u8> = Vec::with_capacity(256);
    let mut in_message = false;
    let mut block = [0_u8; 16 * 1024];
    loop {
        let count = stream.read(&mut block)?;
        if count == 0 {
            return Ok(());
        }
        heard.extend_from_slice(block.get(..count).unwrap_or_default());
        if !heard.ends_with(if in_message { END } else { b"\r\n" }) {
            continue;
        }
        if in_message {
            in_message = false;
            taken.fetch_add(1, Ordering::SeqCst);
            answers.extend_from_slice(b"250 2.0.0 taken\r\n");
        } else {
            for line in heard.split_inclusive(|byte| *byte == b'\n') {
                in_message = line.starts_with(b"DATA");
                answers.extend_from_slice(answer(line));
            }
        }
        stream.write_all(&answers)?;
        heard.clear();
        answers.clear();
    }
}

fn answer(line: &[u8]) -> &'static [u8] {
    match line.get(..4) {
        Some(b"EHLO") => b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
        Some(b"DATA") => b"354 go on\r\n",
        Some(b"QUIT") => b"221 2.0.0 bye\r\n",
        _ => b"250 2.0.0 ok\r\n",
    }
}
