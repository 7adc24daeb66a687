"""Files and folders of them -> the same in another transfer syntax: transcode."""

from dicompix.transcode.names import syntax_uid
from dicompix.transcode.run import transcode
from dicompix.transcode.summary import Summary, Transcoded

__all__ = ["Summary", "Transcoded", "syntax_uid", "transcode"]
