//! A stand-in for Dataverse that does nothing but send pages as fast as a socket takes them. It judges no request.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::pages;

/// A running stand-in; it ends with the process.
pub struct Loopback {
    pub address: String,
    requests: Arc<AtomicUsize>,
}

impl Loopback {
    /// Starts one that sends pages of accounts, as many as the filter `pages eq N` or the path `…?$skiptoken=NTH-OF` says.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let rows: Arc<str> = pages::rows().into();
        let (origin, count) = (address.clone(), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (rows, origin, count) = (Arc::clone(&rows), origin.clone(), Arc::clone(&count));
                // A client that goes away ends its thread.
                std::thread::spawn(move || serve(&stream, &rows, &origin, &count));
            }
        });
        Self { address, requests }
    }

    /// How many requests came since this was asked last.
    pub fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

/// Where page `nth` of `of` is.
pub fn path(nth: usize, of: usize) -> String {
    format!("/api/data/v9.2/accounts?$skiptoken={nth}-{of}")
}

fn serve(stream: &TcpStream, rows: &str, origin: &str, count: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        count.fetch_add(1, Ordering::SeqCst);
        let number = |mark: &str| {
            let after = first.split(mark).nth(1)?;
            after.split(|character: char| !character.is_ascii_digit()).next()?.parse::<usize>().ok()
        };
        let nth = number("skiptoken=").unwrap_or(1);
        let of = number("pages%20eq%20").or_else(|| number(&format!("skiptoken={nth}-"))).unwrap_or(1);
        let closing = if nth < of {
            format!(r#"],"@odata.nextLink":"{origin}{}"}}"#, path(nth + 1, of))
        } else {
            "]}".to_owned()
        };
        let length = pages::OPENING.len() + rows.len() + closing.len();
        write!(
            writer,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; odata.metadata=minimal\r\nContent-Length: {length}\r\n\r\n{}",
            pages::OPENING
        )?;
        writer.write_all(rows.as_bytes())?;
        writer.write_all(closing.as_bytes())?;
    }
}
