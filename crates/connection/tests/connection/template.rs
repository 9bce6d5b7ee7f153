//! Connection files written from what a connector says about itself.

use crate::folder::{Folder, PROGRAM};
use lumos_connection::file::Mode;
use lumos_connection::template::Template;
use lumos_connection::{Connection, ConnectionFile, OpenOptions};

async fn template(folder: &Folder) -> Template {
    let connector = ConnectionFile::program(vec![PROGRAM.to_owned()], Mode::Program).connector;
    let info = folder.open().await.info().await.unwrap();
    Template::new(&connector, &info)
}

#[tokio::test]
async fn without_answers_the_file_has_placeholders_and_comments() {
    let folder = Folder::program();
    let template = template(&folder).await;
    let fields: Vec<_> = template.questions().map(|question| question.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "auth.basic.username",
            "auth.basic.password",
            "settings.host",
            "settings.pin",
            "settings.token_kind",
            "settings.nested"
        ]
    );
    let text = template.text();
    for expected in [
        "# A connection to Faulty (faulty 1.2.3).\n",
        "[auth.basic]\n",
        "password = { env = \"FAULTY_PASSWORD\" }\n",
        "# Host (required)\nhost = \"\"\n",
        "# PIN\n# pin = { env = \"FAULTY_PIN\" }\n",
        "# nested = {}\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let file = ConnectionFile::parse(&text, None).unwrap();
    assert_eq!(file.connector.command, [PROGRAM]);
}

#[tokio::test]
async fn answers_stand_in_the_file_and_secrets_are_names_of_variables() {
    let folder = Folder::program();
    let mut template = template(&folder).await;
    template.answer("auth.basic.username", "ada \"the first\"").unwrap();
    template.answer("auth.basic.password", "PATH").unwrap();
    template.answer("settings.host", " https://a ").unwrap();
    template.answer("settings.pin", "HOME").unwrap();
    template.answer("settings.token_kind", "").unwrap();
    let error = template.answer("auth.basic.password", "hunter22 is my password").unwrap_err();
    assert_eq!(error.to_string(), "auth.basic.password: expected the name of an environment variable");
    assert!(template.answer("settings.nested", "not json").is_err());
    assert!(template.answer("settings.other", "x").is_err());
    let file = ConnectionFile::parse(&template.text(), Some(folder.path())).unwrap();
    assert_eq!(file.auth["basic"]["username"], "ada \"the first\"");
    assert_eq!(file.settings["host"], "https://a");
    let connection = Connection::open(file, OpenOptions::default()).await.unwrap();
    connection.info().await.unwrap();
}
