"""Whatever a command does leaves through one door: an exit code, one object or a sentence, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from starflow.cli import door
from starflow.cli.output import Result
from starflow.service.cycles import CycleAsk
from tests_cli import DECLARATION, Cli  # noqa: F401
