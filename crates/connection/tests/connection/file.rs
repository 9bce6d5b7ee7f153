//! Connection files: what they may say, and what is said about what they may not.

use crate::folder::{Folder, PROGRAM};
use lumos_connection::{Connection, ConnectionError, ConnectionFile, OpenOptions};

const HEAD: &str = "[connector]\ncommand = [\"x\"]\n";

/// What is said about a text, on its line.
fn problem(text: &str) -> String {
    ConnectionFile::parse(text, None).unwrap_err().to_string()
}

#[test]
fn every_mistake_is_named_with_line_and_field_and_without_the_value() {
    let table: &[(&str, &str)] = &[
        ("", "connection file: connector: required, but not given"),
        ("[connector]\n", "connection file:1: connector: expected `command` or `url`"),
        (
            "[connector]\ncommand = \"x\"\n",
            "connection file:2: connector.command: expected an array, got a string",
        ),
        (
            "[connector]\ncommand = [\"x\"]\nmod = 1\n",
            "connection file:3: connector.mod: unknown field, expected one of",
        ),
        (
            "[connector]\ncommand = [\"x\"]\nmode = \"hunter22\"\n",
            "connection file:3: connector.mode: expected one of `program`, `server`",
        ),
        ("[connector]\nurl = \"hunter22\"\n", "connection file:2: connector.url: is not a URL"),
        ("[connector]\nurl = \"http://example.com\"\n", "connection file:2: connector.url: expected https"),
        (
            "[connector]\nurl = \"https://a:hunter22@example.com\"\n",
            "connection file:2: connector.url: no user name",
        ),
        (
            "[connector]\nurl = \"https://a\"\nmode = \"server\"\n",
            "connection file:3: connector.mode: a server at an address",
        ),
        (
            "[connector]\ncommand = [\"x\"]\ntoken = { env = \"A\" }\n",
            "connection file:3: connector.token: only for a server at a `url`",
        ),
        (
            "[connector]\nurl = \"https://a\"\ntoken = { enf = \"A\" }\n",
            "connection file:3: connector.token: expected { env = \"NAME\" }",
        ),
        (
            "[limits]\nconcurrency = 0\n[connector]\ncommand = [\"x\"]\n",
            "connection file:2: limits.concurrency: expected a number between 1 and 1000",
        ),
        (
            "[limits]\npage_sizes.list_accounts = 0\n[connector]\ncommand = [\"x\"]\n",
            "connection file:2: limits.page_sizes.list_accounts: expected a number between 1 and",
        ),
        (
            "[connector]\ncommand = [\"x\"]\n\n[auth]\nbasics = { a = 1 }\n",
            "connection file:5: auth.basics: unknown type of credential, expected one of `oauth`",
        ),
        (
            "[connector]\ncommand = [\"x\"]\n[[credentials]]\nbasic = {}\n",
            "connection file:3: credentials[0].id: required, but not given",
        ),
        (
            "[connector]\ncommand = [\"x\"]\n[[credentials]]\nid = \"a\"\n[[credentials]]\nid = \"a\"\n",
            "connection file:6: credentials[1].id: another credential has this id",
        ),
        (
            "[connector]\ncommand = [\"x\"]\n[auth.empty]\n[[credentials]]\nid = \"a\"\n",
            "connection file:4: credentials: not both `auth` and `credentials`",
        ),
        ("[connector]\ncommand = [\"x\"\nfoo = hunter22\n", "connection file:3: not valid TOML"),
        (
            "[connector]\ncommand = [\"x\"]\n[settings]\na = inf\n",
            "connection file:4: settings.a: expected a finite number",
        ),
    ];
    for (text, expected) in table {
        let problem = problem(text);
        assert!(problem.starts_with(expected), "{text}\n  {problem}\n  {expected}");
        assert!(!problem.contains("hunter22"), "{problem}");
    }
}

#[test]
fn a_file_is_read_as_it_is_written() {
    let text = format!(
        "{HEAD}mode = \"server\"\n[[credentials]]\nid = \"api\"\ntoken.token = {{ env = \"T\" }}\n\
         [settings]\nsince = 2024-01-02T03:04:05Z\ndeep.list = [1, 2.5, true]\n[limits]\npage_size = 5\npage_sizes.list_accounts = 9\n"
    );
    let file = ConnectionFile::parse(&text, None).unwrap();
    assert_eq!(file.settings["since"], "2024-01-02T03:04:05Z");
    assert_eq!(file.settings["deep"]["list"][1], 2.5);
    assert_eq!(file.credentials[0]["token"]["token"]["env"], "T");
    assert_eq!(file.limits.page_size_of("list_accounts"), Some(9));
    assert_eq!(file.limits.page_size_of("list_resources"), Some(5));
    let written = toml::to_string(&file).unwrap();
    let again = ConnectionFile::parse(&written, None).unwrap();
    assert_eq!((again.settings, again.credentials), (file.settings, file.credentials));
}

async fn open(text: &str) -> Result<Connection, ConnectionError> {
    let file = ConnectionFile::parse(text, None).unwrap();
    Connection::open(file, OpenOptions::default()).await
}

#[tokio::test]
async fn a_literal_secret_is_refused_on_its_line() {
    let table = [
        (
            "[auth.basic]\nusername = \"ada\"\npassword = \"hunter22\"\n",
            "connection file:5: auth.basic.password: a secret stands in the file",
        ),
        (
            "[[credentials]]\nid = \"a\"\ntoken.token = \"hunter22\"\n",
            "connection file:5: credentials[0].token.token: a secret",
        ),
        (
            "[auth.key_pair]\nkey_identifier = \"k\"\nprivate_key = \"hunter22\"\n",
            "connection file:5: auth.key_pair.private_key: a secret",
        ),
        (
            "[auth.token]\nzone = \"primary\"\nzone_password = \"hunter22\"\n",
            "connection file:5: auth.token.zone_password: a secret",
        ),
        ("[auth.jwt]\nsecret = \"hunter22\"\n", "connection file:4: auth.jwt.secret: a secret"),
        (
            "[auth.service_account.key]\nprivate_key = \"hunter22\"\n",
            "connection file:4: auth.service_account.key.private_key: a secret",
        ),
        (
            "[auth.oauth_client_credentials]\nclient_secret = \"hunter22\"\n",
            "connection file:4: auth.oauth_client_credentials.client_secret: a secret",
        ),
    ];
    for (text, expected) in table {
        let error = open(&format!("{HEAD}{text}")).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\n{expected}");
        assert!(!error.contains("hunter22"));
    }
}

#[tokio::test]
async fn literal_secrets_are_taken_when_that_is_allowed_and_are_redacted_all_the_same() {
    let text = format!(
        "{HEAD}[auth.basic]\nusername = \"ada\"\npassword = \"hunter22\"\n[settings]\napi_key = \"sesame99\"\n"
    );
    let file = ConnectionFile::parse(&text, None).unwrap();
    let options = OpenOptions::default().allow_literal_secrets(true);
    let connection = Connection::open(file, options).await.unwrap();
    assert!(
        !format!("{connection:?}").contains("hunter22") && !format!("{connection:?}").contains("sesame99")
    );
    assert_eq!(connection.redact("hunter22 sesame99 YWRhOmh1bnRlcjIy"), "[REDACTED] [REDACTED] [REDACTED]");
}

#[tokio::test]
async fn a_credential_that_lacks_a_field_is_named() {
    let error = open(&format!("{HEAD}[auth.basic]\nusername = \"ada\"\n")).await.unwrap_err();
    assert_eq!(error.to_string(), "connection file:3: auth.basic.password: required, but not given");
    let misspelt =
        open(&format!("{HEAD}[auth.basic]\nuser = \"ada\"\npassword = {{ env = \"PATH\" }}\n")).await;
    assert!(misspelt.unwrap_err().to_string().contains("auth.basic.username: required, but not given"));
}

#[tokio::test]
async fn a_reference_that_leads_nowhere_names_its_field() {
    let text = format!("{HEAD}[auth.token]\ntoken = {{ env = \"LUMOS_NO_SUCH_VARIABLE\" }}\n");
    let error = open(&text).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "auth.token.token: the environment variable LUMOS_NO_SUCH_VARIABLE is not set"
    );
}

#[tokio::test]
async fn the_key_of_a_service_account_is_an_object_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("key.json"),
        r#"{"type":"service_account","private_key":"-----a long secret-----"}"#,
    )
    .unwrap();
    let text = format!(
        "{HEAD}[auth.service_account]\nkey = {{ file = \"key.json\" }}\nimpersonation_email = \"a@b\"\ntenant_id = \"t\"\nscopes = []\n"
    );
    let file = ConnectionFile::parse(&text, Some(folder.path())).unwrap();
    let connection = Connection::open(file, OpenOptions::default()).await.unwrap();
    assert_eq!(
        connection.redact("x -----a long secret----- service_account"),
        "x [REDACTED] service_account"
    );
}

#[tokio::test]
async fn the_connector_says_which_settings_are_secret() {
    let head = format!("[connector]\ncommand = [{PROGRAM:?}]\n[settings]\n");
    let folder = Folder::program();
    let open = async |settings: &str| {
        let file = ConnectionFile::parse(&format!("{head}{settings}"), Some(folder.path())).unwrap();
        let connection = Connection::open(file, OpenOptions::default()).await?;
        connection.info().await
    };
    for (settings, field) in
        [("pin = \"1234\"\n", "settings.pin"), ("nested.key = \"k\"\n", "settings.nested.key")]
    {
        let error = open(settings).await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("connection file:4: {field}: a secret stands in the file")),
            "{error}"
        );
    }
    // A name that sounds like a secret is not one when the connector knows better.
    let info = open("host = \"h\"\ntoken_kind = \"bearer\"\n").await.unwrap();
    assert_eq!(info.info.app_id, "faulty");
    assert_eq!(info.info.user_friendly_name.as_deref(), Some("Faulty"));
}

#[tokio::test]
async fn the_fingerprint_is_that_of_where_the_connection_leads() {
    let fingerprint = async |text: &str| {
        let file = ConnectionFile::parse(text, None).unwrap();
        let options = OpenOptions::default().allow_literal_secrets(true);
        Connection::open(file, options).await.unwrap().fingerprint()
    };
    let base = fingerprint(&format!("{HEAD}[settings]\na = 1\nb = 2\npassword = \"one\"\n")).await;
    assert_eq!(base.len(), 64);
    let same = "[limits]\npage_size = 5\n[settings]\npassword = \"other\"\nb = 2\na = 1\n[connector]\nmode = \"server\"\ncommand = [\"x\"]\n";
    assert_eq!(fingerprint(same).await, base);
    assert_ne!(fingerprint(&format!("{HEAD}[settings]\na = 2\nb = 2\npassword = \"one\"\n")).await, base);
    assert_ne!(
        fingerprint("[connector]\ncommand = [\"y\"]\n[settings]\na = 1\nb = 2\npassword = \"one\"\n").await,
        base
    );
}

#[test]
fn a_file_has_a_text_that_is_the_same_file() {
    let text = r#"
        [connector]
        command = ["./acme", "--flag"]
        mode = "server"

        [[credentials]]
        id = "main"
        basic = { username = "ada \"quoted\"", password = { keyring = "acme/password" } }

        [[credentials]]
        id = "key"
        service_account.key = { file = "key.json", json = true }

        [settings]
        host = "acme.test"
        numbers = [1, 2.5]
        deep.flag = true
    "#;
    let file = ConnectionFile::parse(text, None).unwrap();
    let written = file.to_text().unwrap();
    assert!(written.contains("keyring = \"acme/password\"") && !written.contains("limits"), "{written}");
    assert_eq!(ConnectionFile::parse(&written, None).unwrap().to_text().unwrap(), written);
    let same = ConnectionFile::parse(&written, None).unwrap();
    assert_eq!(
        (same.connector, same.credentials, same.settings),
        (file.connector, file.credentials, file.settings)
    );
}
