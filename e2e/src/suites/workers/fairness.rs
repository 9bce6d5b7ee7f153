//! Many small tenants beside one huge: when the small ones are done. And what a page costs on each engine.

use std::time::{Duration, Instant};

use anyhow::Result;
use lumos_sync_workers::Setup;
use lumos_sync_workers::record::Wanted;

use super::nonce::Tenant;
use super::site::Site;
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let (small, huge) = if stage.is_full() { (300, 1000) } else { (40, 200) };
    stage.check(format!("{small} small tenants beside one of {huge} pages"), |stage| {
        let mut alone = Duration::ZERO;
        for beside in [false, true] {
            let mut site = Site::new(stage, Setup::default(), None)?;
            let tenants: Vec<Tenant> =
                (0..small).map(|number| Tenant::new(&format!("small{number}"), 3, 10)).collect();
            if beside {
                site.submit(&[Tenant::new("huge", huge, 100)], &Wanted::default())?;
            }
            site.submit(&tenants, &Wanted::default())?;
            let start = Instant::now();
            site.staff(2, 4)?;
            site.finish(&tenants, Duration::from_secs(120))?;
            if beside {
                println!("      beside it {:?}, alone {alone:?}", start.elapsed());
            } else {
                alone = start.elapsed();
            }
        }
        Ok(())
    });
    Ok(())
}
