//! DOOR (files): where d365conn keeps its own files, and every reading, writing, locking and removing of a file. Nothing
//! here knows what is inside one.

#![expect(clippy::disallowed_methods, reason = "this is the door to files")]

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod directory_handle;
mod error;
mod given;
mod partial;
mod places;
mod sought;
mod stamp;

pub use error::{PHRASES, PathError};
pub use given::{GIVEN_PHRASES, GivenError, absolute, write_given};
pub use partial::Partial;
pub use places::Places;
pub use sought::Sought;
pub use stamp::Stamp;

use directory_handle::{held, open_in};

/// Temporary files of ours carry these at both ends of a random name.
const TEMPORARY: (&str, &str) = (".d365conn-", ".tmp");

/// A temporary file older than this was left behind by a process that died.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// The content of a file of our own, `None` when there is none.
///
/// Its directory is judged first, as before a write: where others may write, anybody can put a file. Then the file is opened
/// in that very directory, whatever stands under the directory's name by then, without following a symbolic link; it must
/// be a plain file of this user under a single name. Permissions wider than the owner's are taken back.
///
/// # Errors
/// [`PathError::NotOurs`], [`PathError::TooLarge`] above `limit` bytes, [`PathError::Unreadable`].
pub fn read_own(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, PathError> {
    let unreadable = |source| PathError::Unreadable { path: path.to_owned(), source };
    let Some(directory) = held(directory_of(path))? else { return Ok(None) };
    let mut file = match open_in(&directory, path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refusal(path).unwrap_or_else(|| unreadable(error))),
    };
    let metadata = file.metadata().map_err(unreadable)?;
    judge(path, &metadata)?;
    tighten(&file, &metadata);
    match read_up_to(&mut file, &metadata, limit).map_err(unreadable)? {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(PathError::TooLarge { path: path.to_owned(), limit }),
    }
}

/// Writes a file of our own, whole or not at all: a temporary file beside it, forced to the disk, takes its name.
///
/// The directory is created for this user alone when it is missing. The file belongs to its owner alone whatever the
/// umask. Temporary files that a dead process left behind are removed.
///
/// # Errors
/// [`PathError::NotOurs`] when something else stands there, [`PathError::Full`], [`PathError::ReadOnly`],
/// [`PathError::Unwritable`]. The old content is then still in place.
pub fn write_own(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let directory = directory_of(path);
    make_ready(directory)?;
    if let Some(refusal) = refusal(path) {
        return Err(refusal);
    }
    let failed = |error| unwritable(path, error);
    let mut temporary =
        tempfile::Builder::new().prefix(TEMPORARY.0).suffix(TEMPORARY.1).tempfile_in(directory).map_err(failed)?;
    owner_only(temporary.as_file()).map_err(failed)?;
    sweep(directory, temporary.as_file());
    temporary.write_all(bytes).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(path).map_err(|error| unwritable(path, error.error))?;
    sync(directory);
    Ok(())
}

/// Removes a file of our own; that there is none is fine.
///
/// # Errors
/// [`PathError::NotOurs`], [`PathError::ReadOnly`], [`PathError::Unwritable`].
pub fn remove_own(path: &Path) -> Result<(), PathError> {
    if let Some(refusal) = refusal(path) {
        return Err(refusal);
    }
    match fs::remove_file(path) {
        Ok(()) => {
            sync(directory_of(path));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unwritable(path, error)),
    }
}

/// Gives a file of our own the first free name of `NAME.ENDING`, `NAME.ENDING.2` … beside it, and says which one it was.
///
/// # Errors
/// As [`remove_own`]; [`PathError::Unwritable`] when a hundred such names are taken.
pub fn set_aside(path: &Path, ending: &str) -> Result<PathBuf, PathError> {
    if let Some(refusal) = refusal(path) {
        return Err(refusal);
    }
    let named = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(if number == 1 { format!(".{ending}") } else { format!(".{ending}.{number}") });
        PathBuf::from(name)
    };
    let mut free = (1..=100).map(named).filter(|aside| fs::symlink_metadata(aside).is_err());
    let aside = free.next().ok_or_else(|| unwritable(path, ErrorKind::AlreadyExists.into()))?;
    fs::rename(path, &aside).map_err(|error| unwritable(path, error))?;
    sync(directory_of(path));
    Ok(aside)
}

/// The directory itself, whatever links lead to it; as it was named where that can't be told.
#[must_use]
pub fn resolved(directory: &Path) -> PathBuf {
    fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned())
}

/// Opens a file of our own to take an OS lock on, creating it (and its directory) when it is missing. Its existence means
/// nothing: only the lock does.
///
/// # Errors
/// As [`write_own`].
pub fn open_lock(path: &Path) -> Result<File, PathError> {
    make_ready(directory_of(path))?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = without_following(&mut options)
        .open(path)
        .map_err(|error| refusal(path).unwrap_or_else(|| unwritable(path, error)))?;
    let metadata = file.metadata().map_err(|error| unwritable(path, error))?;
    judge(path, &metadata)?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777 != 0o600 {
        // Others may not, and we must: a umask may have taken our own rights away.
        let _ = owner_only(&file);
    }
    Ok(file)
}

/// The content of a file that the user pointed at: links and other owners are welcome, as mounted secrets have them.
///
/// # Errors
/// [`PathError::GivenMissing`], [`PathError::GivenDirectory`], [`PathError::GivenTooLarge`] above `limit` bytes,
/// [`PathError::GivenUnreadable`].
pub fn read_given(path: &Path, limit: u64) -> Result<Vec<u8>, PathError> {
    let unreadable = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => PathError::GivenMissing { path: path.to_owned() },
        ErrorKind::IsADirectory => PathError::GivenDirectory { path: path.to_owned() },
        _ => PathError::GivenUnreadable { path: path.to_owned(), source },
    };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Err(PathError::GivenDirectory { path: path.to_owned() });
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    read_up_to(&mut file, &metadata, limit)
        .map_err(unreadable)?
        .ok_or_else(|| PathError::GivenTooLarge { path: path.to_owned(), limit })
}

/// Everything in `file`, or `None` when that is more than `limit` bytes. A pipe has no size, so the count decides.
fn read_up_to(file: &mut File, metadata: &Metadata, limit: u64) -> io::Result<Option<Vec<u8>>> {
    if metadata.is_file() && metadata.len() > limit {
        return Ok(None);
    }
    // Room for all of it at once, so that a secret is not left behind in the smaller blocks of a growing one.
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().saturating_add(1)).unwrap_or_default());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// What is wrong with what stands at `path`, if anything does and something is. Links are looked at, not through.
fn refusal(path: &Path) -> Option<PathError> {
    fs::symlink_metadata(path).ok().and_then(|metadata| judge(path, &metadata).err())
}

/// Whether this is a plain file of this user under one name.
fn judge(path: &Path, metadata: &Metadata) -> Result<(), PathError> {
    let kind = metadata.file_type();
    let refuse = |reason: String| Err(PathError::NotOurs { path: path.to_owned(), reason });
    if kind.is_symlink() {
        return refuse("it is a symbolic link".to_owned());
    }
    if kind.is_dir() {
        return refuse("it is a directory".to_owned());
    }
    if !kind.is_file() {
        return refuse("it is not a plain file".to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let user = rustix::process::geteuid().as_raw();
        if metadata.uid() != user {
            return refuse(format!("it belongs to user id {}, not to {user}", metadata.uid()));
        }
        // None at all is fine: another process replaced the file after it was opened here.
        if metadata.nlink() > 1 {
            return refuse(format!("it has {} names (hard links)", metadata.nlink()));
        }
    }
    Ok(())
}

/// Creates `directory` for this user alone, or sees to it that nobody else can write in the one that is there.
fn make_ready(directory: &Path) -> Result<(), PathError> {
    make(directory).map_err(|error| unwritable(directory, error))?;
    match held(directory) {
        Err(PathError::Unreadable { path, source }) => Err(unwritable(&path, source)),
        judged => judged.map(drop),
    }
}

/// Creates a directory and what is missing above it, for this user alone whatever the umask; one that is there is fine.
fn make(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = match (builder.create(directory), directory.parent()) {
        (Err(error), Some(above)) if error.kind() == ErrorKind::NotFound => {
            make(above)?;
            builder.create(directory)
        }
        (made, _) => made,
    };
    match made {
        #[cfg(unix)]
        Ok(()) => fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700)),
        // Another process may have been faster, and some file systems refuse before they look.
        Err(_) if directory.is_dir() => Ok(()),
        made => made,
    }
}

/// Options that open what is named itself and never what a link there points at; a pipe there doesn't make us wait.
fn without_following(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    #[cfg(windows)]
    {
        // FILE_FLAG_OPEN_REPARSE_POINT of CreateFileW.
        std::os::windows::fs::OpenOptionsExt::custom_flags(options, 0x0020_0000);
    }
    options
}

/// Takes back what others may do with a file of ours. A file system that refuses (read-only) leaves it as it is.
fn tighten(file: &File, metadata: &Metadata) {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 != 0 {
        let _ = owner_only(file);
    }
    #[cfg(not(unix))]
    let _ = (file, metadata);
}

/// 0600, even under a umask that would have taken more away.
fn owner_only(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Removes temporary files of dead processes in a directory of ours and in those right in it. Whoever holds a lock for a
/// change tidies up with it: some directories are written in once and never again. Age is told by `newest`, a file that was
/// written just now.
pub fn sweep_below(directory: &Path, newest: &File) {
    sweep(directory, newest);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        // A link is no directory here, wherever it leads.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep(&entry.path(), newest);
        }
    }
}

/// Removes temporary files of dead processes. Age is told by the file system's own clock: that of the newest file.
fn sweep(directory: &Path, newest: &File) {
    let Ok(now) = newest.metadata().and_then(|metadata| metadata.modified()) else { return };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1));
        let is_abandoned = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|then| now.duration_since(then).is_ok_and(|age| age > ABANDONED));
        if is_ours && is_abandoned {
            // Another process may be sweeping too; a file that can't be removed is no reason to fail a write.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Forces the directory's entries to the disk, so that a new name survives a power cut. Where that is refused the change is
/// as durable as it gets: it has happened, and who was told otherwise would undo the rest of it.
fn sync(directory: &Path) {
    #[cfg(unix)]
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    #[cfg(not(unix))]
    let _ = directory;
}

fn unwritable(path: &Path, source: io::Error) -> PathError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => PathError::Full { path, source },
        ErrorKind::ReadOnlyFilesystem => PathError::ReadOnly { path, source },
        _ => PathError::Unwritable { path, source },
    }
}

#[cfg(test)]
mod tests {
    use crate::problem::Diagnose as _;

    use super::*;

    #[test]
    fn what_was_written_is_read_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/er/file");
        assert_eq!(read_own(&path, 10).unwrap(), None);
        write_own(&path, b"one").unwrap();
        write_own(&path, b"two").unwrap();
        assert_eq!(read_own(&path, 3).unwrap().as_deref(), Some(&b"two"[..]));
        assert!(matches!(read_own(&path, 2), Err(PathError::TooLarge { .. })));
        remove_own(&path).unwrap();
        remove_own(&path).unwrap();
        assert_eq!(read_own(&path, 10).unwrap(), None);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0, "something was left behind");
    }

    #[test]
    fn only_old_temporary_files_of_ours_are_swept() {
        let home = tempfile::tempdir().unwrap();
        let old = |name: &str, age: u64| {
            let path = home.path().join(name);
            let file = File::create(&path).unwrap();
            file.set_modified(std::time::SystemTime::now() - Duration::from_secs(age)).unwrap();
            path
        };
        let (abandoned, in_use, foreign) =
            (old(".d365conn-a.tmp", 3700), old(".d365conn-b.tmp", 3500), old("notes.tmp", 9999));
        write_own(&home.path().join("file"), b"x").unwrap();
        assert!(!abandoned.exists());
        assert!(in_use.exists() && foreign.exists());
        fs::create_dir_all(home.path().join("below/deep")).unwrap();
        let (below, deep) = (old("below/.d365conn-c.tmp", 3700), old("below/deep/.d365conn-d.tmp", 3700));
        sweep_below(home.path(), &File::open(home.path().join("file")).unwrap());
        assert!(!below.exists() && deep.exists());
    }

    #[test]
    fn what_is_set_aside_takes_the_place_of_nothing() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("list");
        for (content, expected) in [("one", "list.bad"), ("two", "list.bad.2"), ("three", "list.bad.3")] {
            write_own(&path, content.as_bytes()).unwrap();
            let aside = set_aside(&path, "bad").unwrap();
            assert_eq!(aside, home.path().join(expected));
            assert_eq!(fs::read_to_string(aside).unwrap(), content);
            assert!(!path.exists());
        }
    }

    #[test]
    fn a_file_the_user_names_says_clearly_what_is_wrong_with_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secret");
        let code = |path: &Path| read_given(path, 4).map_err(|error| error.phrase().code);
        assert_eq!(code(&path), Err("paths/file-missing"));
        assert_eq!(code(home.path()), Err("paths/file-is-directory"));
        fs::write(&path, "1234").unwrap();
        assert_eq!(code(&path), Ok(b"1234".to_vec()));
        fs::write(&path, "12345").unwrap();
        assert_eq!(code(&path), Err("paths/file-too-large"));
        assert_eq!(code(&path.join("deeper")), Err("paths/file-unreadable"));
    }

    #[test]
    fn a_full_a_read_only_and_a_forbidden_place_are_told_apart() {
        let code = |kind: ErrorKind| unwritable(Path::new("/x"), kind.into()).phrase().code;
        assert_eq!(code(ErrorKind::StorageFull), "paths/disk-full");
        assert_eq!(code(ErrorKind::QuotaExceeded), "paths/disk-full");
        assert_eq!(code(ErrorKind::ReadOnlyFilesystem), "paths/read-only");
        assert_eq!(code(ErrorKind::PermissionDenied), "paths/unwritable");
    }

    #[cfg(unix)]
    mod on_unix {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().mode() & 0o7777
        }

        fn reason(result: Result<impl Sized, PathError>) -> String {
            match result {
                Err(PathError::NotOurs { reason, .. }) => reason,
                Err(error) => panic!("refused for another reason: {error}"),
                Ok(_) => panic!("not refused"),
            }
        }

        #[test]
        fn what_we_create_is_for_the_owner_alone() {
            let home = tempfile::tempdir().unwrap();
            let (file, lock) = (home.path().join("own/file"), home.path().join("own/lock"));
            write_own(&file, b"x").unwrap();
            drop(open_lock(&lock).unwrap());
            assert_eq!([mode(&file), mode(&lock), mode(file.parent().unwrap())], [0o600, 0o600, 0o700]);
        }

        #[test]
        fn rights_that_others_were_given_are_taken_back() {
            let home = tempfile::tempdir().unwrap();
            let file = home.path().join("file");
            fs::write(&file, "x").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
            fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
            assert_eq!(read_own(&file, 1).unwrap().as_deref(), Some(&b"x"[..]));
            assert_eq!(mode(&file), 0o600);
            write_own(&file, b"y").unwrap();
            assert_eq!([mode(&file), mode(home.path())], [0o600, 0o755]);
        }

        #[test]
        fn anything_but_a_plain_file_of_ours_is_refused_and_left_alone() {
            let home = tempfile::tempdir().unwrap();
            let at = |name: &str| home.path().join(name);
            fs::write(at("target"), "precious").unwrap();
            fs::hard_link(at("target"), at("hard")).unwrap();
            symlink(at("target"), at("link")).unwrap();
            symlink(at("nowhere"), at("dangling")).unwrap();
            fs::create_dir(at("directory")).unwrap();
            drop(std::os::unix::net::UnixListener::bind(at("socket")).unwrap());
            #[cfg(target_os = "linux")]
            {
                use rustix::fs::{CWD, FileType, Mode, mknodat};
                mknodat(CWD, at("pipe"), FileType::Fifo, Mode::from_bits_truncate(0o600), 0).unwrap();
            }
            for name in ["hard", "link", "dangling", "directory", "socket", "pipe"] {
                let path = at(name);
                if name == "pipe" && !cfg!(target_os = "linux") {
                    continue;
                }
                let seen = [
                    reason(read_own(&path, 100)),
                    reason(write_own(&path, b"new")),
                    reason(open_lock(&path)),
                    reason(remove_own(&path)),
                ];
                assert!(seen.iter().all(|reason| *reason == seen[0]), "{name}: {seen:?}");
            }
            assert_eq!(fs::read_to_string(at("target")).unwrap(), "precious");
            assert!(!at("nowhere").exists());
        }

        #[test]
        fn a_file_of_another_user_is_refused() {
            let home = tempfile::tempdir().unwrap();
            let foreign = home.path().join("foreign");
            // Only root can give files away; everybody else has a file of root's at hand.
            let foreign = if rustix::process::geteuid().is_root() {
                fs::write(&foreign, "x").unwrap();
                std::os::unix::fs::chown(&foreign, Some(65_534), None).unwrap();
                foreign
            } else {
                PathBuf::from("/etc/passwd")
            };
            assert!(reason(read_own(&foreign, 1 << 20)).contains("belongs to user id"));
        }

        #[test]
        fn a_directory_in_which_others_may_write_is_mended_by_a_reader_too() {
            let home = tempfile::tempdir().unwrap();
            let directory = home.path().join("ours");
            write_own(&directory.join("file"), b"x").unwrap();
            for given in [0o777, 0o775, 0o2775] {
                fs::set_permissions(&directory, fs::Permissions::from_mode(given)).unwrap();
                assert_eq!(read_own(&directory.join("file"), 1).unwrap().as_deref(), Some(&b"x"[..]));
                assert_eq!(mode(&directory), given & 0o7755);
            }
            // No file at all is no reason to leave the door open.
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
            assert_eq!(read_own(&directory.join("none"), 1).unwrap(), None);
            assert_eq!(mode(&directory), 0o755);
        }

        #[test]
        fn a_directory_of_another_user_is_refused_by_a_reader_too() {
            // Only root can give directories away.
            if !rustix::process::geteuid().is_root() {
                return;
            }
            let home = tempfile::tempdir().unwrap();
            let directory = home.path().join("theirs");
            write_own(&directory.join("file"), b"x").unwrap();
            std::os::unix::fs::chown(&directory, Some(65_534), None).unwrap();
            let seen = [
                reason(read_own(&directory.join("file"), 1)),
                reason(write_own(&directory.join("file"), b"y")),
                reason(open_lock(&directory.join("lock"))),
            ];
            assert!(seen.iter().all(|reason| reason.contains("belongs to user id 65534")), "{seen:?}");
        }

        #[test]
        fn what_the_system_keeps_for_everybody_is_read_only_where_nobody_can_exchange_it() {
            // A sticky directory of root's, such as /tmp, keeps everybody's files apart.
            let file = tempfile::Builder::new().tempfile_in("/tmp").unwrap();
            fs::write(file.path(), "x").unwrap();
            assert_eq!(read_own(file.path(), 1).unwrap().as_deref(), Some(&b"x"[..]));
        }

        #[test]
        fn a_reader_sees_the_old_or_the_new_content_and_never_a_refusal() {
            let home = tempfile::tempdir().unwrap();
            let path = home.path().join("file");
            let contents = [vec![b'a'; 5000], vec![b'b'; 7000]];
            write_own(&path, &contents[0]).unwrap();
            std::thread::scope(|scope| {
                let writer = scope.spawn(|| {
                    for turn in 0..60 {
                        write_own(&path, &contents[turn % 2]).unwrap();
                    }
                });
                while !writer.is_finished() {
                    let seen = read_own(&path, 1 << 20).unwrap().unwrap();
                    assert!(contents.contains(&seen), "torn: {} bytes", seen.len());
                }
            });
        }
    }
}
