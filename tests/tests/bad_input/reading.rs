//! Bad values in what reads back: signals and notices.

use journeys::world::World;
use sandbox::messages::fresh_id;
use tonic::Code;
use wire::node_v1::{
    AcknowledgeNoticeRequest, GetSignalRequest, ListNoticesRequest, ListSignalsRequest,
    WatchNoticesRequest,
};
use wire::reason::Reason;
use wire::type_v1::Date;

use crate::case::Case;

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn filters_of_signals() {
    let world = World::in_process().await.unwrap();
    let client = world.partner("gemeente").unwrap();
    let good = ListSignalsRequest::default;
    let not_a_day = Some(Date {
        year: 2026,
        month: 2,
        day: 30,
    });
    let covenant = "Veilig Op Bezoek";
    let cases = [
        Case::new(
            "covenant",
            "NAME_FORM",
            covenant,
            ListSignalsRequest {
                covenant: covenant.to_owned(),
                ..good()
            },
        ),
        Case::new(
            "state",
            "UNKNOWN_VALUE",
            "",
            ListSignalsRequest {
                state: 99,
                ..good()
            },
        ),
        Case::new(
            "observed_from",
            "DAY_FORM",
            "",
            ListSignalsRequest {
                observed_from: not_a_day,
                ..good()
            },
        ),
        Case::new(
            "observed_until",
            "DAY_FORM",
            "",
            ListSignalsRequest {
                observed_until: not_a_day,
                ..good()
            },
        ),
        Case::new(
            "page_size",
            "OUT_OF_RANGE",
            "",
            ListSignalsRequest {
                page_size: -1,
                ..good()
            },
        ),
        Case::new(
            "page_token",
            "PAGE_TOKEN_INVALID",
            "bladzijde",
            ListSignalsRequest {
                page_token: "bladzijde".to_owned(),
                ..good()
            },
        ),
    ];
    for case in cases {
        case.judge(
            &client
                .signals()
                .list_signals(case.message.clone())
                .await
                .unwrap_err(),
        );
    }
    for (id, rule) in [("", "REQUIRED"), ("signaal-4711", "UUID_FORM")] {
        let case = Case::new(
            "signal_id",
            rule,
            id,
            GetSignalRequest {
                signal_id: id.to_owned(),
            },
        );
        case.judge(
            &client
                .signals()
                .get_signal(case.message.clone())
                .await
                .unwrap_err(),
        );
    }
    let unknown = GetSignalRequest {
        signal_id: fresh_id(),
    };
    let status = client.signals().get_signal(unknown).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn filters_of_notices() {
    let world = World::in_process().await.unwrap();
    let client = world.client("gemeente", "regisseur").unwrap();
    let good = ListNoticesRequest::default;
    let (covenant, role) = ("Veilig Op Bezoek", "De Regisseur");
    let cases = [
        Case::new(
            "covenant",
            "NAME_FORM",
            covenant,
            ListNoticesRequest {
                covenant: covenant.to_owned(),
                ..good()
            },
        ),
        Case::new(
            "role",
            "NAME_FORM",
            role,
            ListNoticesRequest {
                role: role.to_owned(),
                ..good()
            },
        ),
        Case::new(
            "page_size",
            "OUT_OF_RANGE",
            "",
            ListNoticesRequest {
                page_size: -1,
                ..good()
            },
        ),
        Case::new(
            "page_token",
            "PAGE_TOKEN_INVALID",
            "bladzijde",
            ListNoticesRequest {
                page_token: "bladzijde".to_owned(),
                ..good()
            },
        ),
    ];
    for case in cases {
        case.judge(
            &client
                .notices()
                .list_notices(case.message.clone())
                .await
                .unwrap_err(),
        );
    }
    let good = WatchNoticesRequest::default;
    let cases = [
        Case::new(
            "covenant",
            "NAME_FORM",
            covenant,
            WatchNoticesRequest {
                covenant: covenant.to_owned(),
                ..good()
            },
        ),
        Case::new(
            "role",
            "NAME_FORM",
            role,
            WatchNoticesRequest {
                role: role.to_owned(),
                ..good()
            },
        ),
    ];
    for case in cases {
        case.judge(
            &client
                .notices()
                .watch_notices(case.message.clone())
                .await
                .unwrap_err(),
        );
    }
    let other = "gemeente.toezichthouder".to_owned();
    let list = ListNoticesRequest {
        role: other.clone(),
        ..ListNoticesRequest::default()
    };
    let listed = client.notices().list_notices(list).await.unwrap_err();
    let watch = WatchNoticesRequest {
        role: other,
        ..good()
    };
    let watched = client.notices().watch_notices(watch).await.unwrap_err();
    for status in [listed, watched] {
        assert_eq!(
            wire::status::read(&status).reason,
            Some(Reason::RoleNotYours)
        );
    }
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_of_notices() {
    let world = World::in_process().await.unwrap();
    let client = world.client("gemeente", "regisseur").unwrap();
    let good = || AcknowledgeNoticeRequest {
        request_id: fresh_id(),
        notice_id: fresh_id(),
        actor: "medewerker-0017".to_owned(),
    };
    let request = |id: &str| AcknowledgeNoticeRequest {
        request_id: id.to_owned(),
        ..good()
    };
    let notice = |id: &str| AcknowledgeNoticeRequest {
        notice_id: id.to_owned(),
        ..good()
    };
    let actor = |id: &str| AcknowledgeNoticeRequest {
        actor: id.to_owned(),
        ..good()
    };
    let cases = [
        Case::new("request_id", "REQUIRED", "", request("")),
        Case::new(
            "request_id",
            "UUID_FORM",
            "verzoek-4711",
            request("verzoek-4711"),
        ),
        Case::new("notice_id", "REQUIRED", "", notice("")),
        Case::new(
            "notice_id",
            "UUID_FORM",
            "bericht-4711",
            notice("bericht-4711"),
        ),
        Case::new(
            "actor",
            "NAME_FORM",
            "Jan van Verzonnen",
            actor("Jan van Verzonnen"),
        ),
    ];
    for case in cases {
        case.judge(
            &client
                .notices()
                .acknowledge_notice(case.message.clone())
                .await
                .unwrap_err(),
        );
    }
    let status = client
        .notices()
        .acknowledge_notice(good())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    world.stop().await.unwrap();
}
