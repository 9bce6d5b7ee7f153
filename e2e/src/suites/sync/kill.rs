//! A sync that is killed at random moments, and goes on each time: what is left is what an uncut run leaves.

use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};

use super::{Connection, mock};
use crate::harness::stage::Stage;

/// Moments in CI, and with `--full`.
const KILLS: (usize, usize) = (30, 200);

/// Accounts in CI, and with `--full`; there are more associations than accounts.
const ACCOUNTS: (usize, usize) = (400, 4000);

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let (kills, accounts) = if stage.is_full() { (KILLS.1, ACCOUNTS.1) } else { (KILLS.0, ACCOUNTS.0) };
    let binary = stage.binary("mock-connector");
    let page_size = accounts / 20;
    let file = mock(&binary, "program", accounts) + &format!("\n[limits]\npage_size = {page_size}\n");
    stage.check(
        format!("killed at {kills} random moments, a sync ends with the rows of an uncut one"),
        |stage| {
            let uncut = Connection::new(stage, &file)?;
            let ended = uncut.sync(&[])?;
            ensure!(ended.status == Some(0), "{:?} {}", ended.status, ended.stderr);
            let expected = uncut.rows("tenant.db")?;
            let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
            let mut random = u64::try_from(seed & 0xffff_ffff)?;
            println!("      seed {random}");
            let (mut done, mut whole) = (0, 0);
            while done < kills {
                let connection = Connection::new(stage, &file)?;
                // At most so many in one sync, so that several are read to their end.
                for _ in 0..25 {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let moment = Duration::from_millis(5 + (random >> 33) % 400);
                    let mut command = connection.command(&["sync", "tenant.toml", "--quiet"]);
                    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
                    std::thread::sleep(moment);
                    let has_ended = child.try_wait()?.is_some();
                    child.kill()?;
                    child.wait()?;
                    if has_ended {
                        break;
                    }
                    done += 1;
                }
                let ended = connection.sync(&[])?;
                ensure!(ended.status == Some(0), "{:?} {} {}", ended.status, ended.last, ended.stderr);
                let rows = connection.rows("tenant.db")?;
                ensure!(rows == expected, "{} rows in place of {}", rows.len(), expected.len());
                whole += 1;
            }
            println!("      {done} kills, {whole} syncs");
            Ok(())
        },
    );
    Ok(())
}
