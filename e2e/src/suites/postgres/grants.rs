//! Grants of several grantors, grants that the server does not take, and grants at the same time.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::{change, oid};
use crate::harness::connection::{Connection, refused};
use crate::harness::stage::Stage;

pub(super) fn run(
    stage: &mut Stage,
    cluster: &Cluster,
    lumos: &Connection,
    superuser: &Connection,
) -> Result<()> {
    let has_grantors = cluster.version()? >= 16;
    cluster.sql("postgres", "CREATE DATABASE granting")?;
    cluster.sql(
        "postgres",
        "CREATE ROLE g4; CREATE ROLE boss4 LOGIN; CREATE ROLE boss5 LOGIN; CREATE ROLE ada4 LOGIN; CREATE ROLE ada5 LOGIN;
        GRANT g4 TO boss4, boss5 WITH ADMIN OPTION; GRANT CONNECT ON DATABASE granting TO boss4, boss5 WITH GRANT OPTION",
    )?;
    cluster.sql("granting", "CREATE SCHEMA s4; GRANT USAGE ON SCHEMA s4 TO boss4 WITH GRANT OPTION")?;
    let (ada, g4) = (oid(cluster, "ada4")?, oid(cluster, "g4")?);
    let database = cluster.value("postgres", "SELECT oid FROM pg_database WHERE datname = 'granting'")?;
    let schema = cluster.value("granting", "SELECT oid FROM pg_namespace WHERE nspname = 's4'")?;
    let schema = format!("{database}/{schema}");
    for (what, request, grant) in [
        ("a membership", change(&ada, "membership", &g4, ""), "g4"),
        (
            "a database",
            change(&ada, "database_privilege", "CONNECT", &database),
            "CONNECT ON DATABASE granting",
        ),
        ("a schema", change(&ada, "schema_privilege", "USAGE", &schema), "USAGE ON SCHEMA s4"),
    ] {
        let by = |role: &str| cluster.sql("granting", &format!("SET ROLE {role}; GRANT {grant} TO ada4"));
        stage.check(format!("P04: a superuser unassigns {what} that others have granted"), |_| {
            by("boss4")?;
            if what != "a schema" {
                by("boss5")?;
            }
            cluster.sql("granting", &format!("GRANT {grant} TO ada4"))?;
            let answer = superuser.answer("unassign_entitlement", request.clone())?;
            ensure!(answer["execution_summary"]["effect"]["kind"] == "updated", "{answer}");
            ensure!(!holds(superuser, &request)?, "it still holds it");
            let answer = superuser.answer("unassign_entitlement", request.clone())?;
            ensure!(answer["execution_summary"]["effect"]["kind"] == "noop", "{answer}");
            Ok(())
        });
        if what == "a membership" && !has_grantors {
            continue;
        }
        stage.check(
            format!("P04: who may not act for the grantor of {what} reads whose grant it is"),
            |_| {
                by("boss4")?;
                let answer = lumos.envelope("unassign_entitlement", request.clone(), Value::Null)?;
                refused(&answer, "permission_denied", "boss4")?;
                ensure!(holds(superuser, &request)?, "it does not hold it");
                superuser.response("unassign_entitlement", request.clone())?;
                Ok(())
            },
        );
    }
    stage.check("P04: what the account has granted in turn keeps its grant, and the error names it", |_| {
        cluster.sql("postgres", "GRANT CREATE ON DATABASE granting TO ada4 WITH GRANT OPTION")?;
        cluster.sql("postgres", "SET ROLE ada4; GRANT CREATE ON DATABASE granting TO ada5")?;
        let request = change(&ada, "database_privilege", "CREATE", &database);
        let says = "CREATE on database granting to ada5";
        superuser.refuses("unassign_entitlement", request.clone(), "conflict", says)?;
        ensure!(holds(superuser, &request)?, "it does not hold it");
        cluster.sql("postgres", "SET ROLE ada4; REVOKE CREATE ON DATABASE granting FROM ada5")?;
        superuser.response("unassign_entitlement", request)?;
        Ok(())
    });
    if has_grantors {
        stage.check("a membership for administration alone is no membership, and becomes one", |_| {
            cluster.sql("postgres", "GRANT g4 TO ada4 WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")?;
            let request = change(&ada, "membership", &g4, "");
            ensure!(!holds(superuser, &request)?, "it holds it");
            let answer = superuser.answer("assign_entitlement", request.clone())?;
            ensure!(answer["execution_summary"]["effect"]["kind"] == "updated", "{answer}");
            ensure!(holds(superuser, &request)?, "it does not hold it");
            superuser.response("unassign_entitlement", request)?;
            Ok(())
        });
    }
    stage.check("P08: membership in pg_database_owner is not assignable, and refused", |_| {
        let owner = oid(cluster, "pg_database_owner")?;
        let listed = superuser.list("list_entitlements", 5000)?;
        let is_it =
            |row: &&Value| row["integration_specific_id"] == owner && row["entitlement_type"] == "membership";
        let row = listed.iter().find(is_it).context("it is not listed")?;
        ensure!(row["is_assignable"] == false, "{row}");
        let other = oid(cluster, "pg_read_all_data")?;
        let is_it =
            |row: &&Value| row["integration_specific_id"] == other && row["entitlement_type"] == "membership";
        ensure!(
            listed.iter().find(is_it).is_some_and(|row| row["is_assignable"] == true),
            "pg_read_all_data"
        );
        let request = change(&ada, "membership", &owner, "");
        superuser.refuses(
            "assign_entitlement",
            request,
            "unsupported_operation",
            "the owner of each database",
        )
    });
    stage.check("P33: what an event trigger refuses is a refusal in its words", |_| {
        for (errcode, expected) in [("P0001", "permission_denied"), ("LX042", "permission_denied")] {
            cluster.sql("granting", &format!("CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql
                AS $$ BEGIN RAISE 'not on a Friday' USING ERRCODE = '{errcode}'; END $$;
                CREATE EVENT TRIGGER refusing ON ddl_command_start WHEN TAG IN ('GRANT') EXECUTE FUNCTION refuse()"))?;
            let request = change(&ada, "schema_privilege", "CREATE", &schema);
            let answer = superuser.envelope("assign_entitlement", request, Value::Null);
            cluster.sql("granting", "DROP EVENT TRIGGER refusing; DROP FUNCTION refuse()")?;
            let answer = answer?;
            refused(&answer, expected, "not on a Friday")?;
            ensure!(answer["error"]["app_error_code"] == errcode, "{answer}");
            ensure!(answer["error"]["error_metadata"]["retryable"] == false, "{answer}");
        }
        Ok(())
    });
    stage.check("a grant that a trigger takes back is not reported", |_| {
        cluster.sql(
            "granting",
            "CREATE FUNCTION undo() RETURNS event_trigger LANGUAGE plpgsql
            AS $$ BEGIN REVOKE CREATE ON SCHEMA s4 FROM ada4; END $$;
            CREATE EVENT TRIGGER undoing ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION undo()",
        )?;
        let request = change(&ada, "schema_privilege", "CREATE", &schema);
        let answer = superuser.envelope("assign_entitlement", request, Value::Null);
        cluster.sql("granting", "DROP EVENT TRIGGER undoing; DROP FUNCTION undo()")?;
        refused(&answer?, "permission_denied", "granted nothing")
    });
    stage.check("P35: 48 grants on one database, 8 at a time, all succeed", |_| at_once(cluster, superuser));
    Ok(())
}

/// Eight accounts, each granted and revoked a privilege of the same database and a membership in the same role.
fn at_once(cluster: &Cluster, superuser: &Connection) -> Result<()> {
    let database = cluster.value("postgres", "SELECT oid FROM pg_database WHERE datname = 'granting'")?;
    let mut accounts = Vec::new();
    for number in 0..8 {
        cluster.sql("postgres", &format!("CREATE ROLE parallel{number} LOGIN"))?;
        accounts.push(oid(cluster, &format!("parallel{number}"))?);
    }
    let each = |account: String| {
        let (superuser, database) = (superuser.clone(), database.clone());
        thread::spawn(move || -> Result<()> {
            for _ in 0..3 {
                for capability in ["assign_entitlement", "unassign_entitlement"] {
                    superuser
                        .response(capability, change(&account, "database_privilege", "CREATE", &database))?;
                }
            }
            Ok(())
        })
    };
    let threads: Vec<_> = accounts.into_iter().map(each).collect();
    for thread in threads {
        thread.join().map_err(|_| anyhow!("a thread panicked"))??;
    }
    Ok(())
}

/// Whether the account of a change holds what the change is about.
fn holds(connection: &Connection, request: &Value) -> Result<bool> {
    let account = &request["account_integration_specific_id"];
    let held = connection.response("get_account_entitlement_associations", json!({"account_id": account}))?;
    let wanted = json!({
        "account_id": account,
        "integration_specific_entitlement_id": request["entitlement_integration_specific_id"],
        "integration_specific_resource_id": request["resource_integration_specific_id"],
    });
    Ok(held.as_array().context("no list")?.contains(&wanted))
}
