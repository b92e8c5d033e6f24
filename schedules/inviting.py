"""An activation link by mail, to the address in the roster: at once, past the outbox, so that it stands nowhere but in its letter."""

import logging

from schedules.channels import ChannelDown, ChannelRefused, channels_of
from schedules.letters import Letter
from starflow.service.accounts import LINK_HOURS, Invitation
from starflow.service.desk import Desk
from workflow.engine.errors import Unavailable

LOG = logging.getLogger(__name__)


def can_mail(desk: Desk) -> bool:
    """Only under the address that the installation names itself: what a request says of its own host must not stand in a letter."""
    return "smtp" in desk.settings.channels and bool(desk.settings.public_url)


def mail_invitation(desk: Desk, made: Invitation) -> bool:
    """Whether the mail server has taken it."""
    letter = Letter(
        key=f"account:{made.login}:{made.expires_at.isoformat()}",
        channel="smtp",
        address=made.email,
        name=made.name,
        phone="",
        subject="【争星】激活账号",
        body=(
            f"{made.name}:您好!\n\n请打开下面的链接设置密码,登录名是{made.login}:\n{desk.settings.public_url}/activate/{made.token}\n\n"
            f"链接只能用一次,{LINK_HOURS}小时内有效,请不要转发。\n"
        ),
        at=desk.wall.now(),
    )
    try:
        channels_of(desk.settings, rehearsal=desk.rehearsal)["smtp"].send(letter)
    except (ChannelDown, ChannelRefused, Unavailable) as trouble:
        LOG.warning("an activation link could not be mailed: %s", type(trouble).__name__)  # never its text
        return False
    return True
