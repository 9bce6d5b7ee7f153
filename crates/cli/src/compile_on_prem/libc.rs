//! Which C library an executable needs, as its symbols' versions say.

/// What the names of such versions begin with.
const MARK: &[u8] = b"GLIBC_";

/// The oldest glibc that has everything that the executable asks for; `None` for one that asks for none.
pub(super) fn needed(executable: &[u8]) -> Option<(u32, u32)> {
    let mut newest = None;
    for (at, _) in executable.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK) {
        let rest = &executable[at + MARK.len()..];
        let end = rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(rest.len());
        newest = newest.max(version(&rest[..end]));
    }
    newest
}

/// `2.34` or `2.2.5`.
fn version(text: &[u8]) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(text).ok()?;
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// What to say of an executable for Linux; `None` for other systems.
pub(super) fn note(target: &str, executable: &[u8]) -> Option<String> {
    if !target.contains("linux") {
        return None;
    }
    let Some((major, minor)) = needed(executable) else {
        return Some("note: linked statically, it runs on every Linux of its processor".to_owned());
    };
    let musl = format!("{}-unknown-linux-musl", target.split('-').next().unwrap_or("x86_64"));
    Some(format!(
        "note: it needs glibc {major}.{minor} or later. For older systems, and for those with musl, build it statically: \
         `rustup target add {musl}`, then --target {musl}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_counts() {
        let executable = b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0GLIBC_";
        assert_eq!(needed(executable), Some((2, 34)));
        assert_eq!(needed(b"GLIB"), None);
    }

    #[test]
    fn who_needs_glibc_is_offered_the_static_build() {
        let note = note("aarch64-unknown-linux-gnu", b"GLIBC_2.28\0").unwrap_or_default();
        assert!(
            note.contains("glibc 2.28 or later") && note.contains("--target aarch64-unknown-linux-musl"),
            "{note}"
        );
        assert!(super::note("x86_64-pc-windows-msvc", b"GLIBC_2.28\0").is_none());
    }
}
