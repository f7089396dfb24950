"""Everything that Boxwright asks of a backbone, one test for each."""

from boxwright_contract.testing import backbone_conforms

test_my_backbone = backbone_conforms("my_backbone")
