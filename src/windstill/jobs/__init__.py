"""Jobs: submit, wait, cancel, expire; one supervised process for each."""
