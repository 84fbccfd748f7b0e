//! A service that is never silent and never gets on: a byte now and then, blanks for ever. Every wait ends, and nothing that
//! was cut for it is asked for again. Real time, because it is the limit on the outside world that is tested.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use d365conn::dataverse::{Course, Query, Verdict, operations};
use d365conn::net::{Origin, Request};
use d365conn::problem::{Diagnose as _, Problem};

use crate::wire::stage::{Stage, hasty, read_request};

/// The longest silence; ten times as long is the window.
const SILENCE: Duration = Duration::from_millis(500);
const WINDOW: Duration = Duration::from_secs(5);

/// Sends the head of an answer, then `piece` every 50 ms, and every so many of them `mark`, until `marks` of these went or
/// the client has gone.
struct Dripping {
    address: String,
    asked: Arc<AtomicUsize>,
}

struct Drip {
    head: &'static str,
    piece: &'static [u8],
    every: usize,
    mark: Vec<u8>,
    marks: usize,
    end: &'static [u8],
}

impl Drip {
    fn of(head: &'static str, piece: &'static [u8]) -> Self {
        Self { head, piece, every: usize::MAX, mark: Vec::new(), marks: usize::MAX, end: b"" }
    }
}

const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

impl Dripping {
    fn start(drip: Drip) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let drip = Arc::new(drip);
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let (count, drip) = (Arc::clone(&count), Arc::clone(&drip));
                std::thread::spawn(move || {
                    if read_request(&mut stream).is_none() {
                        return;
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
                    let mut marks = 0;
                    let mut is_there = stream.write_all(drip.head.as_bytes()).is_ok();
                    for turn in 1.. {
                        if !is_there {
                            return;
                        }
                        std::thread::sleep(Duration::from_millis(50));
                        is_there = stream.write_all(&chunk(drip.piece)).is_ok();
                        if turn % drip.every == 0 {
                            is_there &= stream.write_all(&chunk(&drip.mark)).is_ok();
                            marks += 1;
                        }
                        if marks == drip.marks {
                            let _ = stream.write_all(&[chunk(drip.end), b"0\r\n\r\n".to_vec()].concat());
                            return;
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn stage(&self) -> Stage {
        Stage::hasty(&self.address, SILENCE)
    }
}

/// It took one window, was asked once, and is told as what it is.
#[track_caller]
fn ended(server: &Dripping, began: Instant, problem: impl Into<Problem>) {
    let problem = problem.into();
    assert_eq!(problem.phrase().code, "net/too-slow", "{problem}");
    assert!(problem.to_string().contains("5 s were not enough"), "{problem}");
    let took = began.elapsed();
    assert!(took + Duration::from_millis(200) >= WINDOW && took < 3 * WINDOW, "{took:?}");
    assert_eq!(server.asked(), 1, "it was asked for again");
}

#[tokio::test]
async fn rows_that_never_come_end_the_query() {
    let server = Dripping::start(Drip::of(JSON, b" \n\t"));
    let began = Instant::now();
    let (rows, end) = server.stage().rows(Query::of("accounts")).await;
    assert!(rows.is_empty());
    ended(&server, began, end.unwrap_err());
}

#[tokio::test]
async fn rows_that_come_slowly_come_all_the_same() {
    // Four rows, each well within a window, and all of them beyond one.
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n{\"value\":[\r\n";
    let one = Drip { every: 20, mark: b"{\"n\":1}".to_vec(), marks: 1, end: b"]}", ..Drip::of(head, b" ") };
    assert_eq!(Dripping::start(one).stage().rows(Query::of("accounts")).await.0, ["{\"n\":1}"]);
    // The comma makes it a list: the last mark is followed by a row without one.
    let several =
        Drip { every: 30, mark: b"{\"n\":1},".to_vec(), marks: 4, end: b"{\"n\":2}]}", ..Drip::of(head, b" ") };
    let server = Dripping::start(several);
    let began = Instant::now();
    let (rows, end) = server.stage().rows(Query::of("accounts")).await;
    end.unwrap();
    assert_eq!(rows.len(), 5);
    assert!(began.elapsed() > WINDOW, "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_answer_that_is_never_whole_is_cut_and_not_asked_for_again() {
    let server = Dripping::start(Drip::of(JSON, b" "));
    let began = Instant::now();
    ended(&server, began, server.stage().client.who_am_i().await.unwrap_err());
}

#[tokio::test]
async fn a_refusal_that_drips_is_not_asked_for_again() {
    let head = "HTTP/1.1 503 Busy\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let server = Dripping::start(Drip::of(head, b" "));
    let began = Instant::now();
    ended(&server, began, server.stage().client.who_am_i().await.unwrap_err());
}

#[tokio::test]
async fn metadata_that_never_ends_ends_the_command() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nTransfer-Encoding: chunked\r\n\r\n";
    let server = Dripping::start(Drip::of(head, b" "));
    let began = Instant::now();
    ended(&server, began, server.stage().client.callables().await.err().unwrap());
}

#[tokio::test]
async fn a_batch_whose_answer_never_ends_says_that_nobody_knows() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n";
    let server = Dripping::start(Drip::of(head, b"\n"));
    let write = operations("{\"method\":\"POST\",\"path\":\"accounts\",\"body\":{}}", false).unwrap();
    let course = Course { atomic: false, goes_on: true, may_repeat: true };
    let outcomes = server.stage().client.batch(&write, course).await.unwrap().answer().unwrap();
    let Verdict::Failed(problem) = &outcomes[0].verdict else { panic!("{outcomes:?}") };
    assert_eq!(problem.phrase().code, "dataverse/batch-unknown");
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_file_may_take_long_while_it_gets_on_and_no_longer() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let part = vec![7; 64 * 1024];
    for (gets_on, drip) in
        [(true, Drip { every: 30, mark: part, marks: 4, ..Drip::of(head, b"x") }), (false, Drip::of(head, b"x"))]
    {
        let server = Dripping::start(drip);
        let http = hasty(SILENCE);
        let began = Instant::now();
        let origin = Origin::parse(&server.address).unwrap();
        let mut body = http.send(&origin, &Request::get("/file"), None).await.unwrap().body;
        let mut length = 0;
        let end = loop {
            match body.steady_chunk().await {
                Ok(Some(piece)) => length += piece.len(),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        match end {
            Ok(()) => assert!(gets_on && length > 4 * 64 * 1024 && began.elapsed() > WINDOW, "{:?}", began.elapsed()),
            Err(error) => {
                assert!(!gets_on, "{error}");
                ended(&server, began, error);
            }
        }
    }
}

#[tokio::test]
async fn dataverse_may_think_longer_than_it_may_fall_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            read_request(&mut stream);
            std::thread::sleep(2 * SILENCE);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            open.push(stream);
        }
    });
    let origin = Origin::parse(&address).unwrap();
    let hasty = hasty(SILENCE);
    let error = hasty.send(&origin, &Request::get("/x"), None).await.err().unwrap();
    assert!(error.to_string().contains("sent no answer within 500ms"), "{error}");
    let patient = hasty.awaiting_answers_for(10 * SILENCE);
    assert_eq!(patient.send(&origin, &Request::get("/x"), None).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_body_that_nobody_takes_is_broken_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let open: Vec<_> = listener.incoming().collect();
        drop(open);
    });
    let origin = Origin::parse(&address).unwrap();
    let http = hasty(SILENCE).awaiting_answers_for(Duration::from_secs(600));
    let request = Request { body: Some(vec![0; 64 << 20].into()), ..Request::get("/x") };
    let began = Instant::now();
    let error = http.send(&origin, &request, None).await.err().unwrap();
    assert!(error.to_string().contains("within 500ms"), "{error}");
    assert!(began.elapsed() < WINDOW, "{:?}", began.elapsed());
}
