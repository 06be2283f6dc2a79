"""Which department should get a work order: a proposal that a person confirms."""

from actions.departments.department import Department, DepartmentShare, Proposal, Topic
from actions.departments.proposer import Proposer

__all__ = ["Department", "DepartmentShare", "Proposal", "Proposer", "Topic"]
