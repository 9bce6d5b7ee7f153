//! A workbench that is served, and a browser that asks it.

use std::net::SocketAddr;

use lumos_workbench::{Listener, Options};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

/// A workbench on a thread of its own.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    /// The address that was printed.
    pub(crate) url: String,
    /// Those that were printed when it was used.
    pub(crate) renewed: std::sync::mpsc::Receiver<String>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Served {
    pub(crate) fn start(options: Options) -> Self {
        let (address, ready) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (sender, renewed) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = Listener::bind(&options).await.unwrap();
                address.send((listener.address(), listener.url())).unwrap();
                let renewed = move |url: &str| drop(sender.send(url.to_owned()));
                listener.serve(renewed, async { drop(stopped.await) }).await.unwrap();
            });
        });
        let (address, url) = ready.recv().unwrap();
        Self { address, url, renewed, stop: Some(stop), thread: Some(thread) }
    }

    /// A workbench over one store.
    pub(crate) fn over(store: &std::path::Path) -> Self {
        let mut options = Options::default();
        options.stores = vec![store.to_owned()];
        Self::start(options)
    }

    /// Everything before the path.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the pages are.
    pub(crate) fn base(&self) -> &str {
        self.url.split("/enter").next().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A browser that was admitted.
pub(crate) struct Browser {
    base: String,
    origin: String,
    cookie: String,
}

pub(crate) fn agent() -> Agent {
    Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .build()
        .into()
}

pub(crate) fn text(mut response: Response<Body>) -> (StatusCode, String) {
    (response.status(), response.body_mut().read_to_string().unwrap())
}

impl Browser {
    pub(crate) fn enter(served: &Served) -> Self {
        let response = agent().get(&served.url).call().unwrap();
        assert_eq!(response.status(), 200);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { base: served.base().to_owned(), origin: served.origin(), cookie }
    }

    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// A page that is there.
    pub(crate) fn get(&self, path: &str) -> String {
        let (status, body) = self.status(path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) fn status(&self, path: &str) -> (StatusCode, String) {
        text(agent().get(format!("{}/{path}", self.base)).header("cookie", &self.cookie).call().unwrap())
    }

    /// A form that is sent.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let request = agent()
            .post(format!("{}/{path}", self.base))
            .header("cookie", &self.cookie)
            .header("origin", &self.origin);
        text(request.send_form(fields.iter().copied()).unwrap())
    }
}
