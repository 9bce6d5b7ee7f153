//! What depends on an account that is to be deleted.

use anyhow::{Result, ensure};
use serde_json::json;

use super::cluster::Cluster;
use super::oid;
use crate::harness::connection::Connection;
use crate::harness::stage::Stage;

pub(super) fn run(stage: &mut Stage, cluster: &Cluster, superuser: &Connection) -> Result<()> {
    cluster.sql("postgres", "CREATE DATABASE leaving")?;
    cluster.sql("postgres", "CREATE ROLE ada7 LOGIN")?;
    cluster.sql("leaving", "CREATE SCHEMA s7; CREATE TABLE t7 (one int, two int)")?;
    let ada = |query: &str| cluster.value("leaving", query);
    let (member, connect, select) = (
        "SELECT count(*) FROM pg_auth_members WHERE roleid = 'g7'::regrole AND member = 'ada7'::regrole",
        "SELECT has_database_privilege('ada7', 'leaving', 'CREATE')",
        "SELECT has_column_privilege('ada7', 't7', 'one', 'SELECT')",
    );
    stage.check(
        "P07: what the account has granted to others by a grant option keeps it, and is named",
        |_| {
            for (grant, says, query) in [
                ("CREATE ON DATABASE leaving", "CREATE on database leaving to ada7", connect),
                (
                    "USAGE ON SCHEMA s7",
                    "USAGE on schema s7 to ada7",
                    "SELECT has_schema_privilege('ada7', 's7', 'USAGE')",
                ),
                ("SELECT (one) ON t7", "SELECT on column one of table t7 to ada7", select),
            ] {
                cluster.sql(
                    "leaving",
                    &format!(
                        "CREATE ROLE boss7 LOGIN; GRANT {grant} TO boss7 WITH GRANT OPTION;
                SET ROLE boss7; GRANT {grant} TO ada7"
                    ),
                )?;
                let request = json!({"account_id": oid(cluster, "boss7")?});
                // A name may be qualified or not, as the version describes it.
                let words: Vec<_> = says.split(' ').collect();
                superuser.refuses("delete_account", request.clone(), "conflict", words[0])?;
                superuser.refuses("delete_account", request.clone(), "conflict", "to ada7")?;
                ensure!(ada(query)? == "t", "{grant} is gone");
                cluster.sql("leaving", &format!("SET ROLE boss7; REVOKE {grant} FROM ada7"))?;
                superuser.response("delete_account", request)?;
            }
            Ok(())
        },
    );
    let has_grantors = cluster.version()? >= 16;
    stage.check("P07: memberships that the account has granted stay, or keep the account", |_| {
        cluster.sql(
            "postgres",
            "CREATE ROLE boss7 LOGIN; CREATE ROLE g7; GRANT g7 TO boss7 WITH ADMIN OPTION;
            SET ROLE boss7; GRANT g7 TO ada7",
        )?;
        let request = json!({"account_id": oid(cluster, "boss7")?});
        if has_grantors {
            superuser.refuses(
                "delete_account",
                request.clone(),
                "conflict",
                "membership on role g7 to ada7",
            )?;
            cluster.sql("postgres", "GRANT g7 TO ada7")?;
            superuser.refuses(
                "delete_account",
                request.clone(),
                "conflict",
                "membership on role g7 to ada7",
            )?;
            cluster.sql("postgres", "REVOKE g7 FROM ada7 GRANTED BY boss7")?;
        }
        superuser.response("delete_account", request)?;
        ensure!(ada(member)? == "1", "ada7 has lost it");
        Ok(())
    });
    stage.check(
        "P07: what the account has granted as an owner goes on as the grant of the new owner",
        |_| {
            cluster.sql(
                "leaving",
                "CREATE ROLE boss7 LOGIN; CREATE ROLE next7; CREATE TABLE owned7 (id int);
            ALTER TABLE owned7 OWNER TO boss7; SET ROLE boss7; GRANT SELECT ON owned7 TO ada7",
            )?;
            let request = json!({"account_id": oid(cluster, "boss7")?});
            superuser.setting("reassign_owned_to", "next7").response("delete_account", request)?;
            ensure!(
                ada("SELECT has_table_privilege('ada7', 'owned7', 'SELECT')")? == "t",
                "ada7 has lost it"
            );
            Ok(())
        },
    );
    stage.check("P07: the summary names the members that a deleted account had", |_| {
        cluster.sql("postgres", "CREATE ROLE boss7 LOGIN; GRANT boss7 TO ada7")?;
        let answer = superuser.answer("delete_account", json!({"account_id": oid(cluster, "boss7")?}))?;
        let said = answer["execution_summary"]["description"].as_str().unwrap_or_default();
        ensure!(said.contains("ada7"), "{answer}");
        Ok(())
    });
    stage.check(
        "the role that receives what is reassigned is not deleted: what it owns would be dropped",
        |_| {
            cluster.sql(
                "leaving",
                "CREATE ROLE next8 LOGIN; CREATE TABLE owned8 (id int); ALTER TABLE owned8 OWNER TO next8",
            )?;
            let request = json!({"account_id": oid(cluster, "next8")?});
            superuser.setting("reassign_owned_to", "next8").refuses(
                "delete_account",
                request,
                "conflict",
                "next8",
            )?;
            ensure!(ada("SELECT to_regclass('owned8') IS NOT NULL")? == "t", "its table is gone");
            Ok(())
        },
    );
    stage.check("a new owner that does not exist is refused before anything is done", |_| {
        cluster.sql("leaving", "CREATE ROLE boss8 LOGIN; GRANT USAGE ON SCHEMA s7 TO boss8")?;
        let request = json!({"account_id": oid(cluster, "boss8")?});
        let wrong = superuser.setting("reassign_owned_to", "no such role");
        wrong.refuses("delete_account", request, "invalid_value", "no such role")?;
        ensure!(ada("SELECT has_schema_privilege('boss8', 's7', 'USAGE')")? == "t", "its grant is gone");
        Ok(())
    });
    stage.check("what it has in a database that cannot be reached keeps it, and is named", |_| {
        cluster.sql("postgres", "CREATE DATABASE shut7")?;
        cluster
            .sql("shut7", "CREATE ROLE boss9 LOGIN; CREATE TABLE t9 (id int); GRANT SELECT ON t9 TO boss9")?;
        cluster.sql("postgres", "ALTER DATABASE shut7 ALLOW_CONNECTIONS false")?;
        let request = json!({"account_id": oid(cluster, "boss9")?});
        let answer = superuser.envelope("delete_account", request.clone(), json!(null))?;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        ensure!(message.contains("shut7") && message.contains("boss9"), "{answer}");
        cluster.sql("postgres", "ALTER DATABASE shut7 ALLOW_CONNECTIONS true")?;
        superuser.response("delete_account", request)?;
        Ok(())
    });
    cluster.sql("postgres", "DROP DATABASE leaving")?;
    cluster.sql("postgres", "DROP DATABASE shut7")
}
