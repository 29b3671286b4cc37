//! A hub on loopback that does what it is told: whole answers, and every way in which an answer
//! goes wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use modeldesk::jobs;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::{Value, json};

/// So long a server that stands still keeps a connection.
const STILL: Duration = Duration::from_secs(20);

/// A repository at one commit.
#[derive(Debug, Clone)]
pub(super) struct Repository {
    pub(super) id: String,
    pub(super) commit: String,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// What each hashes to, as [`hash`] has it.
    hashes: BTreeMap<String, String>,
    /// More fields of its description, in place of the usual ones.
    pub(super) more: Value,
    /// Whether the listing states sizes and hashes.
    pub(super) states: bool,
}

impl Repository {
    pub(super) fn new(id: &str, commit: &str) -> Self {
        Self {
            id: id.to_owned(),
            commit: commit.to_owned(),
            files: BTreeMap::new(),
            hashes: BTreeMap::new(),
            more: json!({}),
            states: true,
        }
    }

    #[must_use]
    pub(super) fn with(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref().to_vec();
        self.hashes.insert(name.to_owned(), hash(name, &content));
        self.files.insert(name.to_owned(), content);
        self
    }

    fn about(&self) -> Value {
        let siblings = self.files.iter().map(|(name, content)| {
            if !self.states {
                return json!({"rfilename": name});
            }
            let (size, hash) = (content.len(), &self.hashes[name]);
            let mut sibling = json!({"rfilename": name, "size": size, "blobId": hash});
            if is_large(name) {
                sibling["blobId"] = json!(git(b"a pointer"));
                sibling["lfs"] = json!({"sha256": hash, "size": size});
            }
            sibling
        });
        let mut about = json!({
            "id": self.id, "sha": self.commit, "private": false, "gated": false,
            "tags": ["license:mit"], "siblings": siblings.collect::<Vec<_>>(),
        });
        for (name, value) in self.more.as_object().into_iter().flatten() {
            about[name] = value.clone();
        }
        about
    }
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// So many bytes of the body, and then this.
    Cut(usize, Then),
    /// 200 with the whole body, whatever range was asked for.
    NoRanges,
    /// 206 that begins this many bytes later than was asked for.
    Shifted(u64),
    /// 206 of a file of another size.
    OtherTotal,
    /// The body, said to be gzip, without a length.
    Gzip,
    /// A status with an `X-Error-Code`, and no body.
    Status(u16, &'static str),
    /// One bit of the byte at this place of the file is another.
    Flip(usize),
    /// Another body, complete in itself.
    Instead(Vec<u8>),
    /// More bytes than the file has, without a length.
    Endless,
    /// Somewhere else.
    Redirect(String),
    /// Takes the request and says nothing.
    Silent,
    /// An `ETag` for a HEAD.
    Etag(String),
    /// The body in small pieces, each after a millisecond.
    Slowly,
}

/// How a body ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The connection is reset.
    Reset,
    /// The connection is closed.
    Close,
    /// Nothing more comes.
    Stall,
    /// It is closed, and the next request for the file answers 500.
    Error,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) token: Option<String>,
    /// Bytes of the body that were sent.
    pub(super) sent: u64,
}

#[derive(Default)]
struct State {
    repositories: Mutex<Vec<Repository>>,
    script: Mutex<Vec<(String, usize, Act)>>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    ends: AtomicBool,
}

/// The server, until dropped.
pub(super) struct Server {
    port: u16,
    state: Arc<State>,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        jobs::spawn("mock-hub", move || {
            for stream in listener.incoming().flatten() {
                if shared.ends.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let state = Arc::clone(&shared);
                jobs::spawn("mock-hub-answer", move || {
                    // A client that hangs up is no fault of the server.
                    let _ = state.answer(stream);
                })
                .unwrap();
            }
        })
        .unwrap();
        Self { port, state }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Has this repository, in place of one with its id.
    pub(super) fn has(&self, repository: Repository) {
        let mut all = lock(&self.state.repositories);
        all.retain(|one| one.id != repository.id);
        all.push(repository);
    }

    /// The next `times` requests whose path has `part` in it meet this.
    pub(super) fn will(&self, part: &str, times: usize, act: Act) {
        lock(&self.state.script).push((part.to_owned(), times, act));
    }

    /// Does nothing wrong any more.
    pub(super) fn behaves(&self) {
        lock(&self.state.script).clear();
    }

    /// The requests since this was last asked.
    pub(super) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *lock(&self.state.seen))
    }

    /// How many connections were ever opened.
    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// A request, as far as it matters.
struct Request {
    head: bool,
    path: String,
    from: Option<u64>,
    token: Option<String>,
}

/// What is sent in answer.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl State {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some((request, length)) = peek(&stream)? else {
            return Ok(());
        };
        let act = self.act(&request.path);
        if let Some(Act::Cut(_, Then::Error)) = act {
            let after = (request.path.clone(), 1, Act::Status(500, ""));
            lock(&self.script).insert(0, after);
        }
        // What is not read makes the system reset the connection when it is closed.
        let resets = matches!(act, Some(Act::Cut(_, Then::Reset)));
        if !resets {
            stream.read_exact(&mut vec![0; length])?;
        }
        let at = {
            let mut seen = lock(&self.seen);
            seen.push(Seen {
                path: request.path.clone(),
                token: request.token.clone(),
                sent: 0,
            });
            seen.len() - 1
        };
        if matches!(act, Some(Act::Silent)) {
            std::thread::sleep(STILL);
            return Ok(());
        }
        let mut answer = self.usual(&request);
        let mut only = answer.body.len();
        let mut slowly = false;
        match act {
            None => {}
            Some(Act::Cut(after, _)) => {
                let from = request.from.unwrap_or(0) as usize;
                only = only.min(after.saturating_sub(from));
            }
            Some(Act::Slowly) => slowly = true,
            Some(ref act) => self.spoil(act, &request, &mut answer),
        }
        if !matches!(act, Some(Act::Cut(..))) {
            only = answer.body.len();
        }
        stream.write_all(&head(&answer))?;
        if request.head {
            return Ok(());
        }
        for piece in answer.body[..only].chunks(if slowly { 4096 } else { 1 << 16 }) {
            stream.write_all(piece)?;
            if let Some(seen) = lock(&self.seen).get_mut(at) {
                seen.sent += piece.len() as u64;
            }
            if slowly {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        stream.flush()?;
        if matches!(act, Some(Act::Cut(_, Then::Stall))) {
            std::thread::sleep(STILL);
        }
        if resets {
            // What was sent must be read before the reset, which takes the rest away.
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }

    fn act(&self, path: &str) -> Option<Act> {
        let mut script = lock(&self.script);
        let found = script
            .iter_mut()
            .find(|(part, times, _)| *times > 0 && path.contains(part.as_str()))?;
        found.1 -= 1;
        Some(found.2.clone())
    }

    /// What a hub answers.
    fn usual(&self, request: &Request) -> Answer {
        let repositories = lock(&self.repositories);
        let path = request.path.split('?').next().unwrap_or_default();
        for one in repositories.iter() {
            if let Some(rest) = path.strip_prefix(&format!("/api/models/{}/revision/", one.id)) {
                if rest != "main" && rest != one.commit {
                    return Answer::status(404, "RevisionNotFound");
                }
                return Answer::json(&one.about());
            }
            let Some(rest) = path.strip_prefix(&format!("/{}/resolve/", one.id)) else {
                continue;
            };
            let (revision, name) = rest.split_once('/').unwrap_or_default();
            let content = one.files.get(name).filter(|_| revision == one.commit);
            return match content {
                Some(content) => file(one, name, content, request.from),
                None => Answer::status(404, "EntryNotFound"),
            };
        }
        Answer::status(401, "RepoNotFound")
    }

    fn content(&self, path: &str) -> Vec<u8> {
        let repositories = lock(&self.repositories);
        let mut all = repositories.iter().flat_map(|one| &one.files);
        let found = all.find(|(name, _)| path.ends_with(name.as_str()));
        found
            .map(|(_, content)| content.clone())
            .unwrap_or_default()
    }

    /// Makes the answer wrong.
    fn spoil(&self, act: &Act, request: &Request, answer: &mut Answer) {
        let content = self.content(&request.path);
        let from = request.from.unwrap_or(0);
        match act {
            Act::NoRanges => *answer = Answer::bytes(200, content),
            Act::Shifted(by) => {
                let start = (from + by).min(content.len() as u64 - 1);
                *answer = partial(&content, start, content.len() as u64);
            }
            Act::OtherTotal => *answer = partial(&content, from, content.len() as u64 + 1),
            Act::Gzip => {
                answer.headers.retain(|(name, _)| name != "Content-Length");
                answer
                    .headers
                    .push(("Content-Encoding".to_owned(), "gzip".to_owned()));
            }
            Act::Status(status, code) => *answer = Answer::status(*status, code),
            Act::Flip(place) => {
                if let Some(byte) = place
                    .checked_sub(from as usize)
                    .and_then(|at| answer.body.get_mut(at))
                {
                    *byte ^= 1;
                }
            }
            Act::Instead(body) => *answer = Answer::bytes(200, body.clone()),
            Act::Endless => {
                answer.headers.retain(|(name, _)| name != "Content-Length");
                answer.body.resize(answer.body.len() + (1 << 16), 0);
            }
            Act::Redirect(target) => {
                *answer = Answer::status(302, "");
                answer.headers.push(("Location".to_owned(), target.clone()));
            }
            Act::Etag(etag) => {
                answer.headers.retain(|(name, _)| name != "ETag");
                answer.headers.push(("ETag".to_owned(), etag.clone()));
            }
            Act::Cut(..) | Act::Silent | Act::Slowly => {}
        }
    }
}

impl Answer {
    fn bytes(status: u16, body: Vec<u8>) -> Self {
        let headers = vec![("Content-Length".to_owned(), body.len().to_string())];
        Self {
            status,
            headers,
            body,
        }
    }

    fn json(value: &Value) -> Self {
        Self::bytes(200, value.to_string().into_bytes())
    }

    fn status(status: u16, code: &str) -> Self {
        let mut answer = Self::bytes(status, Vec::new());
        if !code.is_empty() {
            answer
                .headers
                .push(("X-Error-Code".to_owned(), code.to_owned()));
        }
        answer
    }
}

fn file(of: &Repository, name: &str, content: &[u8], from: Option<u64>) -> Answer {
    let size = content.len() as u64;
    let mut answer = match from {
        Some(from) if from >= size => Answer::status(416, ""),
        Some(from) => partial(content, from, size),
        None => Answer::bytes(200, content.to_vec()),
    };
    let hash = &of.hashes[name];
    answer
        .headers
        .push(("ETag".to_owned(), format!("\"{hash}\"")));
    answer
        .headers
        .push(("X-Repo-Commit".to_owned(), of.commit.clone()));
    answer
}

fn partial(content: &[u8], start: u64, total: u64) -> Answer {
    let mut answer = Answer::bytes(206, content[start as usize..].to_vec());
    let range = format!("bytes {start}-{}/{total}", content.len() as u64 - 1);
    answer.headers.push(("Content-Range".to_owned(), range));
    answer
}

fn head(answer: &Answer) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// The request that waits in `stream`, and how many bytes it has; it stays there.
fn peek(stream: &TcpStream) -> std::io::Result<Option<(Request, usize)>> {
    let mut buffer = vec![0; 16 << 10];
    let text = loop {
        let read = stream.peek(&mut buffer)?;
        let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
        if read == 0 {
            return Ok(None);
        }
        if text.contains("\r\n\r\n") {
            break text;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let head = first.next() == Some("HEAD");
    let path = first.next().unwrap_or_default().to_owned();
    let mut request = Request {
        head,
        path,
        from: None,
        token: None,
    };
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let from = value
                    .strip_prefix("bytes=")
                    .and_then(|v| v.strip_suffix('-'));
                request.from = from.and_then(|from| from.parse().ok());
            }
            "authorization" => request.token = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(Some((request, text.find("\r\n\r\n").unwrap_or(0) + 4)))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which files are stored apart from git.
fn is_large(name: &str) -> bool {
    name.ends_with(".safetensors")
}

/// What a hub knows a file by.
fn hash(name: &str, content: &[u8]) -> String {
    if is_large(name) {
        sha256(content)
    } else {
        git(content)
    }
}

pub(super) fn sha256(content: &[u8]) -> String {
    hex(digest(&SHA256, content).as_ref())
}

pub(super) fn git(content: &[u8]) -> String {
    let mut object = format!("blob {}\0", content.len()).into_bytes();
    object.extend_from_slice(content);
    hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &object).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
