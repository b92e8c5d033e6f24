"""Every page and who looks at it: what the sweeps go over."""

DEPARTMENT, COMMITTEE, CITY, ADMIN = "department:GW", "committee:GW", "city:CITY", "admin:GW"
SUPERIOR, SECRETARY = "superior:D06", "organisation:D0104"

FULL = (
    *((DEPARTMENT, path) for path in (
        "/", "/?all=1", "/organisations", "/organisations/D0203", "/organisations/D0203/way", "/organisations/D1909/score",
        "/organisations/D0106/papers", "/organisations/D0106/matters", "/organisations/D0106/history",
        "/organisations/D0102/do/exempt", "/queue", "/meeting", "/screen", "/admin", "/admin/scheme",
        "/admin/scheme/check", "/admin/scheme/check?open=anyang-five-star", "/admin/people", "/admin/notices",
    )),
    *((COMMITTEE, path) for path in ("/", "/meeting", "/meeting?try=1", "/organisations/D52", "/queue")),
    *((SUPERIOR, path) for path in ("/", "/tasks", "/queue", "/queue/D0604", "/organisations/D0604")),
    *((SECRETARY, path) for path in (
        "/tasks", "/organisations/D0104/self-evaluation/1", "/organisations/D0104/self-evaluation/check",
        "/organisations/D0104",
    )),
    (ADMIN, "/admin"),
    (ADMIN, "/admin/roster"),
    (ADMIN, "/admin/accounts"),
    (CITY, "/queue"),
    (CITY, "/organisations/D53"),
)  # fmt: skip
EMPTY = ("/", "/queue", "/meeting", "/screen", "/admin/scheme")
FAULTY = (
    (DEPARTMENT, "/organisations?q=颜色:红"),
    (DEPARTMENT, "/?q=灯:紫"),
    (DEPARTMENT, "/organisations/D9999"),
    (DEPARTMENT, "/nothing"),
    (SECRETARY, "/meeting"),
    (CITY, "/screen"),
)
