rule judge:
    input:
        CLAIMS_TABLES,
    output:
        claims=tabulated("claims", "Verdicts as a table", "claims", "Verdicts"),
        evidence=tabulated(
            "claims/evidence", "Evidence and controls", "evidence", "Verdicts"
        ),
    log:
        "<logs>/judge.log",
    localrule: True
    conda:
        CONDA
    params:
        results=subpath(output.claims, parent=True),
        scale=config["scale"],
        seed=config["seed"],
        registry=registry_sha256(),
        code=digest("optprimer.claims.commands:judge_command"),
    message:
        "Verdicts on the claims of the chapter"
    shell:
        "optprimer claims judge --results {params.results:q} --scale {params.scale} --output {params.results:q}"
        " --seed {params.seed} > {log:q} 2>&1"
