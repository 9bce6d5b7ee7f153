//! Accounts, each of which follows from its number.

use lumos_connector::prelude::*;

use crate::custom_attributes::ACCOUNT_ATTRIBUTES;
use crate::listing::listing;
use crate::settings::Mock;

/// The account with a number, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) number: i64,
}

impl Account {
    /// The account that an id stands for, whether the app has it or not.
    pub(crate) fn with_id(id: &str) -> Option<Self> {
        let number = id.strip_prefix("acct-")?.parse().ok().filter(|number| *number >= 0)?;
        // One account has one id: `acct-7` and `acct-+007` are nobody's.
        Some(Self { number }).filter(|account| account.id() == id)
    }

    pub(crate) fn id(self) -> String {
        format!("acct-{:04}", self.number)
    }

    pub(crate) fn status(self) -> AccountStatus {
        match self.number % 4 {
            0 => AccountStatus::Active,
            1 => AccountStatus::Inactive,
            2 => AccountStatus::Suspended,
            _ => AccountStatus::Pending,
        }
    }

    pub(crate) fn has_pro_license(self) -> bool {
        self.number % 3 == 0
    }

    fn given_name(self) -> &'static str {
        match self.number % 4 {
            0 => "Ada",
            1 => "Grace",
            2 => "Alan",
            _ => "Edsger",
        }
    }

    fn data(self, host: &str, attributes: Option<&[String]>) -> FoundAccountData {
        let number = self.number;
        FoundAccountData {
            integration_specific_id: self.id(),
            resource_id: (number % 5 == 0).then(|| format!("node-{number}")),
            email: Some(format!("user{number}@{host}")),
            given_name: Some(self.given_name().to_owned()),
            family_name: Some(format!("Person{number}")),
            username: Some(format!("user{number}")),
            user_status: Some(self.status()),
            extra_data: Some(self.extra_data()),
            custom_attributes: attributes.map(|names| self.custom_attributes(names)),
            account_type: Some(if number % 10 == 9 { AccountType::Service } else { AccountType::User }),
        }
    }

    fn extra_data(self) -> JsonObject {
        let number = self.number;
        [("index", json!(number)), ("even", json!(number % 2 == 0)), ("score", json!(number as f64 + 0.5))]
            .into_iter()
            .collect()
    }

    /// The attributes among `names` that accounts have.
    fn custom_attributes(self, names: &[String]) -> IndexMap<String, String> {
        let known = names.iter().filter(|name| ACCOUNT_ATTRIBUTES.contains(&name.as_str()));
        known.map(|name| (name.clone(), format!("{name}-{}", self.number))).collect()
    }
}

pub(crate) async fn list_accounts(mock: Mock, request: ListAccounts) -> Result<Reply<Vec<FoundAccountData>>> {
    let listing = listing(&mock.call, "accounts")?;
    let (Offset { offset }, size) = (listing.position(), listing.size());
    let accounts = (i64::try_from(offset)?..mock.settings.account_count)
        .map(|number| Account { number }.data(&mock.settings.host, request.custom_attributes.as_deref()));
    let reply = listing.reply_from(offset, accounts)?;
    if mock.call.include_raw_data() {
        return Ok(reply.raw_data(json!({"GET /accounts": {"offset": offset, "size": size}})));
    }
    Ok(reply)
}

pub(crate) async fn get_account(mock: Mock, request: GetAccount) -> Result<FoundAccountData> {
    let account = mock.account(&request.account_id)?;
    Ok(account.data(&mock.settings.host, request.custom_attributes.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_accounts() {
        for number in [0, 9, 9_999, 10_000, i64::MAX] {
            let account = Account { number };
            assert_eq!(Account::with_id(&account.id()), Some(account));
        }
    }

    #[test]
    fn other_ids_are_nobodys() {
        let ids = [
            "",
            "acct-",
            "acct-7",
            "acct-00007",
            "acct-+007",
            "acct--001",
            "Acct-0007",
            "acct-٠٠٠٧",
            " acct-0007",
        ];
        for id in ids {
            assert_eq!(Account::with_id(id), None, "{id}");
        }
        assert_eq!(Account::with_id("acct-9223372036854775808"), None);
    }
}
