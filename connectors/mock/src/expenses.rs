//! Three expenses, one a month.

use lumos_connector::prelude::*;

use crate::settings::Mock;

pub(crate) async fn list_expenses(_: Mock, request: ListExpenses) -> Result<Vec<Expense>> {
    let range = request.filters.transaction_date.unwrap_or_default();
    let start = range.start_date.unwrap_or_default();
    let end = range.end_date.unwrap_or_else(|| "9999".to_owned());
    // Dates are compared as text, whatever the caller wrote.
    let within = |expense: &Expense| (&start..=&end).contains(&&expense.transaction_date);
    Ok((1..=3).map(expense).filter(within).collect())
}

fn expense(number: u8) -> Expense {
    Expense {
        id: format!("exp-{number}"),
        report_id: (number > 1).then(|| format!("rep-{number}")),
        transaction_date: format!("2024-0{number}-15"),
        payment_date: None,
        total_amount: Amount { amount: format!("{number}0.50"), currency: "USD".to_owned() },
        paid_amount: (number == 2).then(|| Amount { amount: "20.00".to_owned(), currency: "EUR".to_owned() }),
        seller: Vendor {
            id: Some(format!("vendor-{number}")),
            name: Some("Paper & Co".to_owned()),
            ..Vendor::default()
        },
        description: format!("Expense {number}"),
        submitter: SpendUser { email: Some(format!("user{number}@example.com")), ..SpendUser::default() },
        r#type: if number == 1 { ExpenseType::Reimbursement } else { ExpenseType::CardTransaction },
        approval_status: ExpenseApprovalStatus {
            id: None,
            display_value: None,
            value: None,
            normalized_value: NormalizedExpenseApprovalStatus::Approved,
        },
        payment_status: ExpensePaymentStatus {
            id: None,
            display_value: None,
            value: Some("settled".to_owned()),
            normalized_value: NormalizedExpensePaymentStatus::Paid,
        },
        url: None,
        attributes: (number == 3)
            .then(|| [("line_items", json!([1, 2.5, null, {"deep": true}]))].into_iter().collect()),
        custom_attributes: None,
    }
}
