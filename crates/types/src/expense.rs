//! Expenses: the answer of `list_expenses`, its parts, and the filter that its request carries.
//! An author meets these when the app is a spend or card tool. The sums are decimal text with a currency,
//! and each status keeps the app's own words beside the normalized value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::JsonObject;
use crate::wire_enum;

wire_enum! {
    /// How the money was spent.
    pub enum ExpenseType {
        /// The submitter paid and is to be paid back.
        Reimbursement = "reimbursement",
        /// The purchase was charged to a card that the app tracks.
        CardTransaction = "card_transaction",
    }
}

wire_enum! {
    /// The approval state of an expense in terms that are the same for every app.
    pub enum NormalizedExpenseApprovalStatus {
        /// Nobody has decided yet.
        Pending = "pending",
        /// The expense was accepted.
        Approved = "approved",
        /// The expense was refused.
        Rejected = "rejected",
        /// The expense was withdrawn before it counted.
        Canceled = "canceled",
        /// The app gives no approval state, or one that fits none of the others.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// The payment state of an expense in terms that are the same for every app.
    pub enum NormalizedExpensePaymentStatus {
        /// The money has been paid out or settled.
        Paid = "paid",
        /// The money has not been paid out or settled.
        Unpaid = "unpaid",
    }
}

/// One expense, an item of the answer to `list_expenses`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expense {
    /// Identifier of the expense in the app.
    pub id: String,
    /// Identifier, in the app, of the expense report that holds it; null when it is in none.
    pub report_id: Option<String>,
    /// When the purchase was made: date or RFC 3339 text as the app gives it.
    pub transaction_date: String,
    /// When it was paid: date or RFC 3339 text as the app gives it; null when unpaid or unknown.
    pub payment_date: Option<String>,
    /// Full sum of the expense.
    pub total_amount: Amount,
    /// Sum already paid, possibly in another currency than the total; null when the app gives none.
    pub paid_amount: Option<Amount>,
    /// Whom the money went to.
    pub seller: Vendor,
    /// What was bought and why, in the words of the app or the submitter; may be empty.
    pub description: String,
    /// Person who filed the expense or made the card purchase.
    pub submitter: SpendUser,
    /// Whether it is to be reimbursed or was charged to a card.
    pub r#type: ExpenseType,
    /// Where the expense stands in approval.
    pub approval_status: ExpenseApprovalStatus,
    /// Whether the expense has been paid.
    pub payment_status: ExpensePaymentStatus,
    /// Address of the expense's page in the app; null when there is none.
    pub url: Option<String>,
    /// Further facts from the app as free-form JSON, passed on unchanged; null when there are none.
    pub attributes: Option<JsonObject>,
    /// Values of fields that the customer defined in the app, by field name; null when there are none.
    pub custom_attributes: Option<JsonObject>,
}

/// A sum of money: part of an expense in `list_expenses`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    /// Decimal number as text, in whole units of the currency: `10.50`, not `1050`.
    pub amount: String,
    /// ISO 4217 code of the currency, such as `USD`.
    pub currency: String,
}

/// The seller side of an expense in `list_expenses`. Every field is optional: give what the app knows.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Vendor {
    /// Identifier of the vendor in the app; null when the app keeps no vendor records.
    pub id: Option<String>,
    /// Vendor name, for instance as printed on the card statement; null when unknown.
    pub name: Option<String>,
    /// What the vendor sells or does, in the app's words; null when unknown.
    pub description: Option<String>,
}

/// The person behind an expense in `list_expenses`. Every field is optional: give what the app knows.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SpendUser {
    /// Identifier of the person in the app; null when unknown.
    pub id: Option<String>,
    /// Email address of the person, as the app holds it; null when unknown.
    pub email: Option<String>,
    /// Whole name as shown to people; null when unknown.
    pub full_name: Option<String>,
    /// First name; null when unknown or when the app has only the whole name.
    pub given_name: Option<String>,
    /// Last name; null when unknown or when the app has only the whole name.
    pub family_name: Option<String>,
}

/// Approval state of an expense in `list_expenses`: the app's own status and its normalized form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExpenseApprovalStatus {
    /// Identifier of the status in the app; null when statuses have none.
    pub id: Option<String>,
    /// Status as the app shows it to people; null when unknown.
    pub display_value: Option<String>,
    /// Status as the app's API returns it; null when unknown.
    pub value: Option<String>,
    /// The same status in the platform's terms.
    pub normalized_value: NormalizedExpenseApprovalStatus,
}

/// Payment state of an expense in `list_expenses`: the app's own status and its normalized form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExpensePaymentStatus {
    /// Identifier of the status in the app; null when statuses have none.
    pub id: Option<String>,
    /// Status as the app shows it to people; null when unknown.
    pub display_value: Option<String>,
    /// Status as the app's API returns it, such as `settled`; null when unknown.
    pub value: Option<String>,
    /// The same status in the platform's terms.
    pub normalized_value: NormalizedExpensePaymentStatus,
}

/// Request of `list_expenses`: which expenses to return.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListExpenses {
    /// Conditions that a returned expense meets; an empty object sets none.
    pub filters: ExpenseFilters,
}

/// Conditions on the expenses that `list_expenses` returns. Null conditions do not apply.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ExpenseFilters {
    /// Range in which `transaction_date` lies; null accepts every date.
    pub transaction_date: Option<TimeRange>,
}

/// A span of time whose ends may be open, used by the filters of `list_expenses`.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TimeRange {
    /// First date or time that is still inside, as text such as `2024-01-15`; null leaves the start open.
    pub start_date: Option<String>,
    /// Last date or time that is still inside, as text such as `2024-01-31`; null leaves the end open.
    pub end_date: Option<String>,
}
